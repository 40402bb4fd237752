package attack

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// Unshare is what to put before a command to run it in a network of its own, which ends
// with it.
var Unshare = []string{"unshare", "--net"}

// Missing returns what this system lacks for attacks, nil for nothing.
func Missing() error { return nil }

// OwnNetwork reports whether Unshare and AddAddresses work here.
func OwnNetwork(ctx context.Context) bool {
	argv := append(append([]string(nil), Unshare...), "ip", "link", "set", "lo", "up")
	return exec.CommandContext(ctx, argv[0], argv[1:]...).Run() == nil
}

// AddAddresses makes all addresses of the setting those of this process's network, which
// is its own.
func (s *Setting) AddAddresses(ctx context.Context) error {
	for _, words := range []string{
		"link set lo up",
		fmt.Sprintf("addr add %s/15 dev lo", s.programAddr()),
	} {
		out, err := exec.CommandContext(ctx, "ip", strings.Fields(words)...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("ip %s: %w: %s", words, err, strings.TrimSpace(string(out)))
		}
	}
	return nil
}
