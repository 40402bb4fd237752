package house

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestUse builds programs outside the workspace against it, as scripts/use promises.
func TestUse(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("scripts/use is a shell script")
	}
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	own := path.Dir(readMod(t, filepath.Join(root, "swarm")).Module.Path)
	run := func(t *testing.T, dir, name string, args ...string) (string, error) {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOWORK=", "GOFLAGS=")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	use := filepath.Join(root, "scripts", "use")
	write := func(t *testing.T, dir, name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666))
	}
	for module, call := range map[string]string{"client": "client.New(client.Config{State: client.Off, Listen: client.Off})", "bencode": "bencode.Marshal(1)"} {
		t.Run(module, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "a program")
			require.NoError(t, os.Mkdir(dir, 0o777))
			write(t, dir, "go.mod", "module example.org/program\n\ngo 1.26\n")
			write(t, dir, "main.go", "package main\n\nimport \""+own+"/"+module+"\"\n\nfunc main() {\n\tif _, err := "+call+"; err != nil {\n\t\tpanic(err)\n\t}\n}\n")
			for range 2 { // the second writes what the first wrote
				out, err := run(t, dir, use, ".")
				require.NoError(t, err, out)
			}
			out, err := run(t, dir, "go", "run", ".")
			require.NoError(t, err, out)
		})
	}

	// What cannot work says what to do.
	dir := t.TempDir()
	for _, test := range []struct{ arg, want string }{
		{"", "usage: scripts/use DIR"},
		{filepath.Join(dir, "nothing"), "is not a folder"},
		{dir, "has no go.mod"},
		{filepath.Join(root, "swarm"), "is inside the clone"},
	} {
		out, err := run(t, dir, use, test.arg)
		require.Error(t, err)
		require.Contains(t, out, test.want)
	}
	write(t, dir, "go.mod", "module example.org/program\n")
	write(t, dir, "go.work", "go 1.26\n")
	out, err := run(t, dir, use, dir)
	require.Error(t, err)
	require.Contains(t, out, "Move it away")
	left, err := os.ReadFile(filepath.Join(dir, "go.work"))
	require.NoError(t, err)
	require.Equal(t, "go 1.26\n", string(left))
}
