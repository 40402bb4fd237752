package dhttool

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/interrupt"
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
	Network
}

// Help is shown below the usage.
func (Put) Help() string {
	return `Anybody who knows the target can read the item. Nodes forget it two hours after it was last put; to keep it, run the same command once an hour. An item without a key can never be changed, because its target is the hash of its content. The file of a key has 64 hexadecimal digits. Keep it secret: if you have it, you can replace the items of the key. It is never overwritten.

Examples:

    shoal dht put "Hello World!"
    shoal dht put --file note.txt
    shoal dht put "version 1" --key my.key --new-key --salt news
    shoal dht put "version 2" --key my.key --salt news
    shoal dht put --torrent some.torrent --key my.key`
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
	if cmd.Key == "" {
		return cmd.ask(ctx, p, func(ctx context.Context, n *dht.Node) error {
			return cmd.put(ctx, p, n, item.Item{Value: value}, nil)
		})
	}
	private, err := privateKey(cmd.Key, cmd.NewKey, p)
	if err != nil {
		return err
	}
	return cmd.ask(ctx, p, func(ctx context.Context, n *dht.Node) error {
		i := item.Item{Value: value, Key: public(private), Salt: []byte(cmd.Salt)}
		seq, cas, err := cmd.version(ctx, n, i)
		if err != nil {
			return err
		}
		i, err = item.Sign(private, i.Salt, seq, value)
		if err != nil {
			return err
		}
		return cmd.put(ctx, p, n, i, cas)
	})
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

// put stores an item and says where it is.
func (cmd Put) put(ctx context.Context, p *Program, n *dht.Node, i item.Item, cas *int64) error {
	stored, err := n.Put(ctx, i, cas)
	if stored == 0 {
		return refusal(err)
	}
	o := storedJSON{Event: "stored", Target: i.Target().String(), Nodes: stored, signedJSON: signedOf(&i)}
	if cmd.Torrent != "" {
		o.Magnet = (&metainfo.Magnet{PublicKey: [32]byte(i.Key), Salt: i.Salt}).String()
	}
	p.Emit(o)
	p.Say("Stored at %s.", quantity.Count(stored, "node"))
	line(p, "target", i.Target().String())
	words := []string{"get"}
	if i.IsMutable() {
		key := hex.EncodeToString(i.Key)
		line(p, "key", key)
		line(p, "number", fmt.Sprint(i.Seq))
		words = append(words, "--key", key)
		if len(i.Salt) > 0 {
			words = append(words, shell.Flag("--salt", string(i.Salt)))
		}
	} else {
		words = append(words, i.Target().String())
	}
	if o.Magnet != "" {
		line(p, "link", o.Magnet)
	}
	p.Say("Nodes forget it in two hours, unless you put it again. To read it:")
	p.Say("  %s", shell.Command("dht", append(words, cmd.words()...)...))
	return nil
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
