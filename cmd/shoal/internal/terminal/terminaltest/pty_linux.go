package terminaltest

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// OpenPair returns both ends of a pseudo terminal of 80 columns and 24 rows: the user's, and the
// program's. Both are closed with the test.
func OpenPair(t testing.TB) (user, program *os.File) {
	t.Helper()
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("there are no pseudo terminals")
	}
	t.Cleanup(func() { user.Close() })
	control := int(user.Fd())
	err = unix.IoctlSetPointerInt(control, unix.TIOCSPTLCK, 0)
	if err == nil {
		err = unix.IoctlSetWinsize(control, unix.TIOCSWINSZ, &unix.Winsize{Col: 80, Row: 24})
	}
	if err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(control, unix.TIOCGPTN)
	if err == nil {
		program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() })
	return user, program
}
