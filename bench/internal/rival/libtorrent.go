package rival

import (
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// WithoutSHANI turns SHA-NI off for what this process starts from now on, as GODEBUG does
// it for Go: in OpenSSL, which hashes for libtorrent and Transmission. A setting that the
// user made stays. aria2 hashes with Nettle and keeps SHA-NI.
func WithoutSHANI() {
	const name, bit = "OPENSSL_ia32cap", ":~0x20000000" // bit 29 of the second word of features
	if os.Getenv(name) == "" {
		os.Setenv(name, bit)
	}
}

// python is the interpreter that Debian's packages are for.
const python = "/usr/bin/python3"

//go:embed driver.py
var script []byte

// Libtorrent is libtorrent where it is installed.
type Libtorrent struct {
	Version string
	file    string
}

// Find looks for libtorrent. The script that drives it is put into dir. It returns
// nil where it is not installed.
func Find(dir string) (*Libtorrent, error) {
	out, err := exec.Command(python, "-c", "import libtorrent; print(libtorrent.__version__)").Output()
	if err != nil {
		return nil, nil // no Python or no libtorrent: there is no rival
	}
	l := &Libtorrent{Version: strings.TrimSpace(string(out)), file: filepath.Join(dir, "driver.py")}
	return l, os.WriteFile(l.file, script, 0o644)
}

// Command returns the command for one part of the script, such as "leech", with its
// arguments.
func (l *Libtorrent) Command(part string, args ...string) []string {
	return append([]string{python, l.file, part}, args...)
}
