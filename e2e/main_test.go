package e2e

import (
	"flag"
	"os"
	"testing"
)

// TestMain runs more tests at once than there are processors, unless it is told
// how many: most of their time is spent on clients that wait for their own clocks.
func TestMain(m *testing.M) {
	flag.Parse()
	told := false
	flag.Visit(func(f *flag.Flag) { told = told || f.Name == "test.parallel" })
	if !told {
		flag.Set("test.parallel", "6")
	}
	code := m.Run()
	lan.remove()
	os.Exit(code)
}
