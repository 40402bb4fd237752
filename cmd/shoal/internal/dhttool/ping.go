package dhttool

import (
	"context"
	"net/netip"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/dht"
)

// Ping asks one node who it is.
type Ping struct {
	Node string `arg:"" help:"Address of the node, HOST:PORT."`
	Limit
}

// Help is shown below the usage.
func (Ping) Help() string {
	return `Only this node is asked. It answers with its id and with the name of its program, if it has one.

Examples:

    shoal dht ping router.example:6881`
}

// pongJSON is the JSON object of a node that answered.
type pongJSON struct {
	Event   string  `json:"event"`             // "pong"
	Node    string  `json:"node"`              // address
	ID      string  `json:"id"`                // 40 hexadecimal digits
	Version string  `json:"version,omitempty"` // of its program, with escapes
	Seconds float64 `json:"seconds"`           // until the answer
}

// Run asks the node.
func (cmd Ping) Run(ctx context.Context, p *Program) error {
	return cmd.askOne(ctx, cmd.Node, func(ctx context.Context, n *dht.Node, addr netip.AddrPort) error {
		i, err := n.Identify(ctx, addr)
		if err != nil {
			return err
		}
		version := terminal.Sanitize(i.Version)
		p.Emit(pongJSON{
			Event:   "pong",
			Node:    addr.String(),
			ID:      i.ID.String(),
			Version: version,
			Seconds: quantity.Round(i.Took.Seconds(), 4),
		})
		p.Say("%s answered in %.1f ms", addr, i.Took.Seconds()*1000)
		line(p, "id", i.ID.String())
		if version != "" {
			line(p, "program", version)
		}
		return nil
	})
}

// line prints a detail for people.
func line(p *Program, what, text string) { p.Say("  %-9s %s", what, text) }
