package e2e

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain runs more tests at once than there are processors, unless it is told
// how many: most of their time is spent on clients that wait for their own clocks.
// When all engines are closed no goroutine may be left.
func TestMain(m *testing.M) {
	flag.Parse()
	told := false
	flag.Visit(func(f *flag.Flag) { told = told || f.Name == "test.parallel" })
	if !told {
		flag.Set("test.parallel", "8")
	}
	// No test asks the real DHT or the local network.
	os.Setenv("SHOAL_BOOTSTRAP", "off")
	os.Setenv("SHOAL_NO_LSD", "true")
	before := goleak.IgnoreCurrent()
	code := m.Run()
	lan.remove()
	os.RemoveAll(programDir)
	os.RemoveAll(filmDir)
	if err := goleak.Find(before); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}
