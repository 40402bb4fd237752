package connect

import "fmt"

// A Policy says whether connections are encrypted. The zero value is Prefer.
type Policy uint8

// The policies. They say in which order Options.Secures tries, and what Options.Accepts lets in.
const (
	Prefer  Policy = iota // encrypted first, then plain; both are let in
	Allow                 // plain first, then encrypted; both are let in
	Off                   // plain alone
	Require               // encrypted alone
)

// policyNames are the names of the policies, by their number.
var policyNames = [...]string{Prefer: "prefer", Allow: "allow", Off: "off", Require: "require"}

// Secures returns the value of Options.Secures or Options.Accepts for a policy, if s encrypts.
func (p Policy) Secures(s Secure) []Secure {
	switch p {
	case Allow:
		return []Secure{nil, s}
	case Off:
		return []Secure{nil}
	case Require:
		return []Secure{s}
	}
	return []Secure{s, nil}
}

// String returns the policy's name: "prefer", "allow", "off" or "require".
func (p Policy) String() string {
	if int(p) < len(policyNames) {
		return policyNames[p]
	}
	return fmt.Sprintf("Policy(%d)", uint8(p))
}

// MarshalText returns the policy's name.
func (p Policy) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText takes the name of a policy.
func (p *Policy) UnmarshalText(text []byte) error {
	for i, name := range policyNames {
		if name == string(text) {
			*p = Policy(i)
			return nil
		}
	}
	return fmt.Errorf("connect: %q is no policy of encryption; use off, allow, prefer or require", text)
}
