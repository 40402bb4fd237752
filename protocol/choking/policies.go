package choking

import (
	"fmt"
	"strings"
)

// ByRate is the name of NewByRate, which is given no limit of slots by those who want as many
// as are useful.
const ByRate = "by-rate"

// policies are all policies, the default first.
var policies = [...]struct {
	name string
	make func() Choker
}{
	{"tit-for-tat", NewTitForTat},
	{ByRate, NewByRate},
	{"fastest-upload", NewFastestUpload},
	{"round-robin", NewRoundRobin},
	{"anti-leech", NewAntiLeech},
}

// Policies returns the names of all policies, the default first.
func Policies() (names []string) {
	for _, p := range policies {
		names = append(names, p.name)
	}
	return names
}

// ByName returns the function that makes the Choker of a policy. The error names all
// policies.
func ByName(name string) (newChoker func() Choker, err error) {
	for _, p := range policies {
		if p.name == name {
			return p.make, nil
		}
	}
	return nil, fmt.Errorf("choking: there is no policy %q; choose one of %s", name, strings.Join(Policies(), ", "))
}
