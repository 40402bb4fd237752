package dhttool

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/usage"
	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/dht/item"
	"github.com/shoal-bt/shoal/dht/nodeid"
)

// Get shows an item.
type Get struct {
	Target string `arg:"" optional:"" help:"Target of the item: the 40 hexadecimal digits that put printed."`
	Key    string `placeholder:"KEY" env:"SHOAL_PUBLIC_KEY" help:"Show the newest item of this public key: 64 hexadecimal digits."`
	Salt   string `placeholder:"TEXT" help:"The item's salt, if it was put with one."`
	Raw    bool   `help:"Print the bytes of the value alone, as they are. Not to a terminal."`
	Network
}

// Help is shown below the usage.
func (Get) Help() string {
	return `An item without a key is what its target says, and one with a key is signed; both is checked. Characters that a terminal would obey are shown as escapes, and a value that is no text as its parts, with bytes as 0x and hexadecimal digits.

Examples:

    shoal dht get 0123456789abcdef0123456789abcdef01234567
    shoal dht get 0123456789abcdef0123456789abcdef01234567 --raw > file
    shoal dht get --key 77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548 --salt news`
}

// itemJSON is the JSON object of an item.
type itemJSON struct {
	Event  string `json:"event"`  // "item"
	Target string `json:"target"` // 40 hexadecimal digits
	Value  []byte `json:"value"`  // bencode
	Text   string `json:"text,omitempty"`
	signedJSON
}

// signedJSON is the part of an object that is about the key of an item.
type signedJSON struct {
	Key       string `json:"key,omitempty"`  // 64 hexadecimal digits
	Salt      string `json:"salt,omitempty"` // hexadecimal
	Seq       *int64 `json:"seq,omitempty"`
	Signature string `json:"signature,omitempty"` // 128 hexadecimal digits
}

// signedOf returns what is known of an item's key; nothing if it has none.
func signedOf(i *item.Item) signedJSON {
	if !i.IsMutable() {
		return signedJSON{}
	}
	return signedJSON{
		Key:       hex.EncodeToString(i.Key),
		Salt:      hex.EncodeToString(i.Salt),
		Seq:       &i.Seq,
		Signature: hex.EncodeToString(i.Sig),
	}
}

// Run shows the item.
func (cmd Get) Run(ctx context.Context, p *Program) error {
	target, err := cmd.target()
	if err != nil {
		return err
	}
	switch {
	case cmd.Raw && p.IsJSON:
		return usage.Error{Err: errors.New("--raw and --json exclude each other; give one of them")}
	case cmd.Raw && p.IsTerminal:
		return usage.Error{Err: errors.New("--raw would send a stranger's bytes to your terminal, which may obey them; write them to a file, with > FILE")}
	}
	return cmd.ask(ctx, p, func(ctx context.Context, n *dht.Node) error {
		i, err := n.Get(ctx, target, []byte(cmd.Salt))
		if errors.Is(err, dht.ErrNotFound) {
			return advice.New(errors.New("no node has this item"), "Check the target, or the key and the salt. Nodes forget an item two hours after it was last put.")
		}
		if err != nil {
			return err
		}
		return cmd.show(p, target, i)
	})
}

// target returns where the item is.
func (cmd Get) target() (nodeid.ID, error) {
	switch {
	case (cmd.Target == "") == (cmd.Key == ""):
		return nodeid.ID{}, usage.Error{Err: errors.New("give the target of an item, or --key")}
	case len(cmd.Salt) > item.MaxSalt:
		return nodeid.ID{}, usage.Error{Err: fmt.Errorf("--salt: it has %s, and %d are allowed", quantity.Count(len(cmd.Salt), "byte"), item.MaxSalt)}
	case cmd.Key != "":
		key, err := parseKey(cmd.Key)
		if err != nil {
			return nodeid.ID{}, err
		}
		return item.MutableTarget(key, []byte(cmd.Salt)), nil
	}
	target, err := nodeid.Parse(cmd.Target)
	if err != nil {
		return nodeid.ID{}, usage.Error{Err: fmt.Errorf("%.80q is not a target; give 40 hexadecimal digits", cmd.Target)}
	}
	return target, nil
}

// parseKey reads a public key.
func parseKey(text string) ([]byte, error) {
	key, err := hex.DecodeString(text)
	if err != nil || len(key) != 32 {
		return nil, usage.Error{Err: fmt.Errorf("--key: %.80q is not a public key; give 64 hexadecimal digits", text)}
	}
	return key, nil
}

// show prints an item.
func (cmd Get) show(p *Program, target nodeid.ID, i item.Item) error {
	if cmd.Raw {
		_, err := p.Stdout.Write(rawOf(i.Value))
		return err
	}
	text, _ := textOf(i.Value)
	p.Emit(itemJSON{"item", target.String(), i.Value, text, signedOf(&i)})
	for _, l := range linesOf(i.Value) {
		p.Say("%s", l)
	}
	if i.IsMutable() {
		line(p, "number", fmt.Sprintf("%d, signed by the key", i.Seq))
	}
	return nil
}
