package resume

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// holder is the argument that makes the test program take a lock and wait until it is
// killed.
const holder = "-resume-holder="

func TestMain(m *testing.M) {
	for _, arg := range os.Args[1:] {
		if path, ok := strings.CutPrefix(arg, holder); ok {
			fmt.Println(NewLocks(path).Take("a"))
			select {}
		}
	}
	os.Exit(m.Run())
}

func needLocks(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("this system has no locks")
	}
}

func TestLocks(t *testing.T) {
	needLocks(t)
	path := filepath.Join(t.TempDir(), "sub", "locks")
	one, two := NewLocks(path), NewLocks(path)
	require.NoError(t, one.Take("a"))
	require.NoError(t, one.Take("a"), "taking it again does nothing")
	require.NoError(t, two.Take("b"), "other names are not locked")
	require.ErrorIs(t, two.Take("a"), ErrLocked)
	require.ErrorIs(t, one.Take("b"), ErrLocked)
	two.Release("a")
	require.ErrorIs(t, two.Take("a"), ErrLocked, "two does not hold the lock, so it cannot release it")
	one.Release("a")
	one.Release("c")
	require.NoError(t, two.Take("a"))
	require.NoError(t, two.Close())
	require.NoError(t, two.Close())
	require.ErrorIs(t, two.Take("a"), os.ErrClosed)
	require.NoError(t, one.Take("a"))
	require.NoError(t, one.Take("b"))
	require.NoError(t, one.Close())
}

// TestManyLocks takes more locks than a process may have open files.
func TestManyLocks(t *testing.T) {
	needLocks(t)
	path := filepath.Join(t.TempDir(), "locks")
	one, two := NewLocks(path), NewLocks(path)
	for i := range 2000 {
		require.NoError(t, one.Take(fmt.Sprint(i)))
	}
	for i := range 2000 {
		require.ErrorIs(t, two.Take(fmt.Sprint(i)), ErrLocked)
	}
	require.NoError(t, one.Close())
	require.NoError(t, two.Take("7"))
	require.NoError(t, two.Close())
}

// TestLocksOfACrashedProcess kills a process that holds a lock.
func TestLocksOfACrashedProcess(t *testing.T) {
	needLocks(t)
	path := filepath.Join(t.TempDir(), "locks")
	other := exec.Command(os.Args[0], holder+path)
	out, err := other.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, other.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "<nil>\n", line)
	l := NewLocks(path)
	defer l.Close()
	require.ErrorIs(t, l.Take("a"), ErrLocked)
	require.NoError(t, other.Process.Kill())
	other.Wait()
	require.NoError(t, l.Take("a"))
}

func TestLocksFail(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.Error(t, NewLocks(filepath.Join(file, "locks")).Take("a"))
	require.Error(t, NewLocks(file).Take("a"))
}
