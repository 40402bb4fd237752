package dhttool

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/interrupt"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/message"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/shell"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/usage"
	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/dht/item"
	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/metainfo"
)

// Put stores an item.
type Put struct {
	Text    string `arg:"" optional:"" help:"The text to store, up to 996 bytes."`
	File    string `short:"f" placeholder:"FILE" help:"Store what is in this file; - for standard input."`
	Torrent string `placeholder:"TORRENT" help:"Store the info hash of this torrent, a .torrent file, a magnet link or an info hash, and print a link that leads to it and, when you replace it, to the next one. Needs --key."`
	Bencode bool   `help:"The text or file is bencode, which is stored as it is."`

	Key    string `placeholder:"FILE" help:"Sign the item with the private key in this file, so that you can replace it later."`
	NewKey bool   `help:"Make the file of --key, with a new key."`
	Salt   string `placeholder:"TEXT" help:"Tells several items of one key apart, up to 64 bytes."`
	Seq    *int64 `placeholder:"N" help:"Number of this version; nodes keep the highest (default: the next one)."`
	Cas    *int64 `placeholder:"N" help:"Replace this version only."`
	Repeat bool   `help:"Store it again each hour, until Ctrl-C. --timeout does not count then."`
	Network
}

// Help is shown below the usage.
func (Put) Help() string {
	return `Anybody who knows the target can read the item. Nodes forget it two hours after it was last put; to keep it, run the same command once an hour, or use --repeat. An item without a key can never be changed, because its target is the hash of its content. The file of a key has 64 hexadecimal digits. Keep it secret: if you have it, you can replace the items of the key. It is never overwritten.

Examples:

    shoal dht put "Hello World!"
    shoal dht put --file note.txt
    shoal dht put "version 1" --key my.key --new-key --salt news
    shoal dht put "version 2" --key my.key --salt news
    shoal dht put --torrent some.torrent --key my.key
    shoal dht put "Hello World!" --repeat`
}

// storedJSON is the JSON object of an item that was stored.
type storedJSON struct {
	Event  string `json:"event"`  // "stored"
	Target string `json:"target"` // 40 hexadecimal digits
	Nodes  int    `json:"nodes"`  // that store it
	Magnet string `json:"magnet,omitempty"`
	signedJSON
}

// maxFile is how much of a file is read, in bytes: one more than an item may have.
const maxFile = item.MaxValue + 1

// Run stores the item.
func (cmd Put) Run(ctx context.Context, p *Program) error {
	err := cmd.check()
	if err != nil {
		return err
	}
	value, err := cmd.value(ctx, p)
	if err != nil {
		return err
	}
	if cmd.isOff() { // before a key is made
		return errNobody
	}
	var private ed25519.PrivateKey
	if cmd.Key != "" {
		private, err = privateKey(cmd.Key, cmd.NewKey, p)
	}
	if err != nil {
		return err
	}
	connect := cmd.ask
	if cmd.Repeat {
		connect = cmd.connect
	}
	return connect(ctx, p, func(ctx context.Context, n *dht.Node) error {
		i, cas, err := cmd.item(ctx, n, value, private)
		switch {
		case err != nil:
			return err
		case cmd.Repeat:
			return cmd.republish(ctx, p, n, i, cas)
		}
		stored, err := n.Put(ctx, i, cas)
		if stored == 0 {
			return refusal(err)
		}
		cmd.show(p, i, stored)
		return nil
	})
}

// item returns the item to store, signed if there is a key, and which version it replaces.
func (cmd Put) item(ctx context.Context, n *dht.Node, value []byte, private ed25519.PrivateKey) (i item.Item, cas *int64, err error) {
	i.Value = value
	if private == nil {
		return i, nil, nil
	}
	i.Key, i.Salt = public(private), []byte(cmd.Salt)
	seq, cas, err := cmd.version(ctx, n, i)
	if err != nil {
		return i, nil, err
	}
	i, err = item.Sign(private, i.Salt, seq, value)
	return i, cas, err
}

// republish stores an item again each hour until ctx is done.
func (cmd Put) republish(ctx context.Context, p *Program, n *dht.Node, i item.Item, cas *int64) error {
	isStored := false
	var failed error
	for stored, err := range n.Republish(ctx, i, cas) {
		failed = err
		switch {
		case stored == 0 && isReplaced(err): // the loop ends
			failed = refusal(err)
		case stored == 0:
			failed = refusal(err)
			p.Warn("%s; Shoal tries again in a minute", message.Of(cmd.explain(failed)))
		case !isStored:
			isStored = true
			cmd.show(p, i, stored)
		default:
			p.Emit(cmd.object(i, stored))
			p.Say("Stored again at %s.", quantity.Count(stored, "node"))
		}
	}
	if isStored && ctx.Err() != nil {
		return nil
	}
	return cmp.Or(ctx.Err(), failed)
}

// check reports flags that do not go together.
func (cmd Put) check() error {
	isMutable := cmd.NewKey || cmd.Salt != "" || cmd.Seq != nil || cmd.Cas != nil
	given := 0
	for _, s := range []string{cmd.Text, cmd.File, cmd.Torrent} {
		if s != "" {
			given++
		}
	}
	isNegative := (cmd.Seq != nil && *cmd.Seq < 0) || (cmd.Cas != nil && *cmd.Cas < 0)
	switch {
	case given != 1:
		return usage.Error{Err: errors.New("give the text to store, or --file, or --torrent")}
	case cmd.Torrent != "" && (cmd.Key == "" || cmd.Bencode):
		return usage.Error{Err: errors.New("--torrent goes with --key, and not with --bencode")}
	case isMutable && cmd.Key == "":
		return usage.Error{Err: errors.New("--new-key, --salt, --seq and --cas are for items with a key; name its file with --key")}
	case len(cmd.Salt) > item.MaxSalt:
		return usage.Error{Err: fmt.Errorf("--salt: it has %s, and %d are allowed", quantity.Count(len(cmd.Salt), "byte"), item.MaxSalt)}
	case isNegative:
		return usage.Error{Err: errors.New("--seq and --cas are 0 or more")}
	}
	return nil
}

// value returns what to store, as bencode.
func (cmd Put) value(ctx context.Context, p *Program) ([]byte, error) {
	if cmd.Torrent != "" {
		return cmd.torrentValue(ctx, p)
	}
	content := []byte(cmd.Text)
	if cmd.File != "" {
		var err error
		content, err = interrupt.Await(ctx, func() ([]byte, error) { return readFile(cmd.File, p.Stdin) })
		if err != nil {
			return nil, err
		}
	}
	if cmd.File == "" && isFile(cmd.Text) {
		p.Warn("%q is stored as a text; to store the file of that name, use --file", cmd.Text)
	}
	i := item.Item{Value: content}
	if !cmd.Bencode {
		i.Value = bencode.AppendBytes(nil, content)
	}
	err := i.Check()
	switch {
	case errors.Is(err, item.ErrTooBig):
		return nil, advice.New(errors.New("an item has up to 1,000 bytes as bencode, which is 996 bytes of text; this is more"), "Share larger files as a torrent.")
	case errors.Is(err, item.ErrEncoding):
		return nil, advice.New(errors.New("this is not bencode"), "To store it as a text, leave --bencode out.")
	}
	return i.Value, err
}

// torrentValue returns the value that names a torrent
// (https://www.bittorrent.org/beps/bep_0046.html, "Publishing content").
func (cmd Put) torrentValue(ctx context.Context, p *Program) ([]byte, error) {
	link, err := p.Link(ctx, cmd.Torrent)
	if err != nil {
		return nil, err
	}
	if link.HashV1 == [20]byte{} {
		return nil, advice.New(errors.New("only torrents with a v1 info hash can be published under a key"), "Make a hybrid torrent, which has one.")
	}
	return dht.VersionValue(link.HashV1), nil
}

// readFile reads a file as far as an item could hold it.
func readFile(name string, stdin io.Reader) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(io.LimitReader(stdin, maxFile))
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile))
}

func isFile(name string) bool {
	st, err := os.Stat(name)
	return err == nil && st.Mode().IsRegular()
}

// version returns the number of the new version, and which one it replaces. The version that
// is there keeps its number if it has the same value.
func (cmd Put) version(ctx context.Context, n *dht.Node, i item.Item) (seq int64, cas *int64, err error) {
	if cmd.Seq != nil {
		return *cmd.Seq, cmd.Cas, nil
	}
	current, err := n.Get(ctx, i.Target(), i.Salt)
	switch {
	case errors.Is(err, dht.ErrNotFound):
		return 1, cmd.Cas, nil
	case err != nil:
		return 0, nil, err
	}
	seq = current.Seq
	if cmd.Cas == nil {
		cas = &current.Seq
	} else {
		cas = cmd.Cas
	}
	if bytes.Equal(current.Value, i.Value) {
		return seq, cas, nil
	}
	if seq == math.MaxInt64 {
		return 0, nil, advice.New(errors.New("the item has the highest number there is and cannot be replaced"), "Use another salt or another key.")
	}
	return seq + 1, cas, nil
}

// object returns the object of an item that was stored.
func (cmd Put) object(i item.Item, stored int) storedJSON {
	o := storedJSON{Event: "stored", Target: i.Target().String(), Nodes: stored, signedJSON: signedOf(&i)}
	if cmd.Torrent != "" {
		o.Magnet = (&metainfo.Magnet{PublicKey: [32]byte(i.Key), Salt: i.Salt}).String()
	}
	return o
}

// show says where an item is, and how it is read.
func (cmd Put) show(p *Program, i item.Item, stored int) {
	o := cmd.object(i, stored)
	p.Emit(o)
	p.Say("Stored at %s.", quantity.Count(stored, "node"))
	line(p, "target", o.Target)
	words := []string{"get"}
	if i.IsMutable() {
		line(p, "key", o.Key)
		line(p, "number", fmt.Sprint(i.Seq))
		words = append(words, "--key", o.Key)
		if len(i.Salt) > 0 {
			words = append(words, shell.Flag("--salt", string(i.Salt)))
		}
	} else {
		words = append(words, o.Target)
	}
	if o.Magnet != "" {
		line(p, "link", o.Magnet)
	}
	if cmd.Repeat {
		p.Say("It is stored again each hour, until Ctrl-C. To read it:")
	} else {
		p.Say("Nodes forget it in two hours, unless you put it again. To read it:")
	}
	p.Say("  %s", shell.Command("dht", append(words, cmd.words()...)...))
}

// isReplaced reports whether nodes refused an item because they have another version.
func isReplaced(err error) bool {
	var refused *krpc.Error
	return errors.As(err, &refused) && (refused.Code == krpc.CasMismatch || refused.Code == krpc.SeqTooLow)
}

// refusal says what to do if no node stored an item.
func refusal(err error) error {
	var refused *krpc.Error
	if err == nil { // the nodes that answered gave no token
		return advice.New(errors.New("no node stored the item"), "Try again later.")
	}
	if !errors.As(err, &refused) {
		return err
	}
	switch refused.Code {
	case krpc.CasMismatch:
		return advice.New(errors.New("the version that is stored is not the one to replace"), "Look at it with get, and give its number with --cas, or leave --cas out.")
	case krpc.SeqTooLow:
		return advice.New(errors.New("a version with a higher number is stored"), "Leave --seq out to replace it.")
	}
	return advice.New(fmt.Errorf("no node stored the item; one of them says: %w", err), "Try again later.")
}
