package dhttool

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/usage"
	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/dht/item"
	"github.com/shoal-bt/shoal/dht/nodeid"
)

// Get shows an item.
type Get struct {
	Target string `arg:"" optional:"" help:"Target of the item, the 40 hexadecimal digits that put printed; or a magnet link with a key."`
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

	Torrent string `json:"torrent,omitempty"` // info hash that it names
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
	a, err := cmd.address(ctx, p)
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
		i, err := n.Get(ctx, a.target, a.salt)
		if err != nil {
			return missing(err)
		}
		return cmd.show(p, a.target, i)
	})
}

// missing says what to do if there is no item, or if it names no torrent.
func missing(err error) error {
	switch {
	case errors.Is(err, dht.ErrNotFound):
		return advice.New(errors.New("no node has this item"), "Check the target, or the key and the salt. Nodes forget an item two hours after it was last put.")
	case errors.Is(err, dht.ErrNoTorrent):
		return advice.New(errors.New("what is stored under the key of the link names no torrent"), "Look at it with get, or ask for another link.")
	}
	return err
}

// An itemAddress is where an item is stored.
type itemAddress struct {
	target nodeid.ID
	salt   []byte
}

// address returns where the item is.
func (cmd Get) address(ctx context.Context, p *Program) (a itemAddress, err error) {
	switch {
	case (cmd.Target == "") == (cmd.Key == ""):
		return a, usage.Error{Err: errors.New("give the target of an item, or --key")}
	case len(cmd.Salt) > item.MaxSalt:
		return a, usage.Error{Err: fmt.Errorf("--salt: it has %s, and %d are allowed", quantity.Count(len(cmd.Salt), "byte"), item.MaxSalt)}
	case cmd.Key != "":
		key, err := parseKey(cmd.Key)
		if err != nil {
			return a, err
		}
		return itemAddress{item.MutableTarget(key, []byte(cmd.Salt)), []byte(cmd.Salt)}, nil
	case strings.HasPrefix(strings.ToLower(cmd.Target), "magnet:"):
		return cmd.addressOfLink(ctx, p)
	}
	a.salt = []byte(cmd.Salt)
	a.target, err = nodeid.Parse(cmd.Target)
	if err != nil {
		return a, usage.Error{Err: fmt.Errorf("%.80q is not a target; give 40 hexadecimal digits", cmd.Target)}
	}
	return a, nil
}

// addressOfLink returns where the item is that a link with a key stands for.
func (cmd Get) addressOfLink(ctx context.Context, p *Program) (a itemAddress, err error) {
	link, err := p.Link(ctx, cmd.Target)
	switch {
	case err != nil:
		return a, err
	case !link.HasKey():
		return a, usage.Error{Err: errors.New("the link has no key, so it stands for no item; its peers are found with peers")}
	case cmd.Salt != "":
		return a, usage.Error{Err: errors.New("--salt does not go with a link, which has its own")}
	}
	f := feedOf(link)
	return itemAddress{f.Target(), f.Salt}, nil
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
	o := itemJSON{Event: "item", Target: target.String(), Value: i.Value, signedJSON: signedOf(&i)}
	o.Text, _ = textOf(i.Value)
	v, err := dht.VersionOf(i)
	if err == nil && i.IsMutable() {
		o.Torrent = v.Hash.String()
	}
	p.Emit(o)
	for _, l := range linesOf(i.Value) {
		p.Say("%s", l)
	}
	if i.IsMutable() {
		line(p, "number", fmt.Sprintf("%d, signed by the key", i.Seq))
	}
	if o.Torrent != "" {
		line(p, "torrent", o.Torrent)
	}
	return nil
}
