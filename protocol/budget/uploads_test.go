package budget

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	small = blockMessage + FewMessages
	large = MaxPayload + FewMessages
)

// keptBytes returns the bytes of buffers that wait to be used again.
func (u *Uploads) keptBytes() (n int64) {
	for _, list := range u.kept {
		for _, p := range list {
			n += int64(len(p))
		}
	}
	return n
}

// fill takes as many buffers as a torrent gets without waiting.
func (u *Uploads) fill(share *Share, least, want int) (all []Buffer) {
	for u.mayTake(share, classOf(least)) {
		b, _ := u.Take(share, least, want)
		all = append(all, b)
	}
	return all
}

func TestClasses(t *testing.T) {
	for _, test := range []struct {
		bytes int
		class class
	}{{0, 0}, {small, 0}, {small + 1, 1}, {2*blockMessage + FewMessages + 1, 2}, {large, 4}} {
		require.Equal(t, test.class, classOf(test.bytes))
	}
	require.EqualValues(t, large, class(classes-1).bytes())
}

func TestUploadMemoryIsServedInOrder(t *testing.T) {
	u := NewUploads(0)
	require.EqualValues(t, 2*large, u.size, "enough for one write")
	var a, b Share
	first, ok := u.Take(&a, large, large)
	require.True(t, ok)
	require.EqualValues(t, large, u.InUse())
	_, ok = u.Take(&b, large, large)
	require.False(t, ok)
	isGranted := false
	w := u.Wait(&b, large, func() { isGranted = true })
	require.True(t, u.Wanted())
	u.Cancel(u.Wait(&a, large, func() { t.Error("a wait that was cancelled") }))
	require.False(t, isGranted)
	u.Put(first)
	require.True(t, isGranted)
	second := u.Claim(w)
	require.Len(t, second.Bytes, large)
	require.LessOrEqual(t, u.keptBytes(), u.free, "what is kept fits beside what is in use")
	u.Put(second)
	require.Zero(t, u.InUse())
	require.False(t, u.Wanted())
	require.Zero(t, a.held+b.held)
}

// What came back between Take and Wait is granted at once.
func TestWaitOfWhatIsThere(t *testing.T) {
	u := NewUploads(0)
	var s Share
	isGranted := false
	w := u.Wait(&s, large, func() { isGranted = true })
	require.True(t, isGranted)
	require.False(t, u.Wanted())
	u.Put(u.Claim(w))
	require.Zero(t, u.InUse())
}

// Torrents whose peers take nothing leave a buffer to everybody else.
func TestTorrentsShareUploadMemory(t *testing.T) {
	u := NewUploads(32 << 20)
	for range 6 {
		attacked := new(Share)
		for range 80 { // as many as a torrent has connections; six have nearly all of an engine's
			if u.mayTake(attacked, classOf(small)) {
				u.Take(attacked, small, large)
			}
		}
		require.LessOrEqual(t, u.InUse(), u.size)
		honest := new(Share)
		require.True(t, u.mayTake(honest, classOf(small)))
	}
	big := u.fill(new(Share), large, large)
	require.LessOrEqual(t, len(big), 1, "large buffers are given only while half is free")
}

// Who waits is served before those whose torrents hold more.
func TestTorrentThatHoldsLeastIsServedFirst(t *testing.T) {
	u := NewUploads(0)
	var a, b Share
	first := u.fill(&a, small, small)
	others := u.fill(&b, small, small)
	var served [4]bool
	for i, s := range []*Share{&a, &a, &b, new(Share)} {
		u.waiting = append(u.waiting, &Waiter{share: s, granted: func() { served[i] = true }})
	}
	u.Put(first[0])
	require.True(t, served[3], "its torrent holds nothing")
	n := 1
	for ; !served[2]; n++ {
		u.Put(first[n])
	}
	require.False(t, served[0])
	for _, buf := range append(first[n:], others...) {
		u.Put(buf)
	}
	require.Empty(t, u.waiting)
}

// One torrent alone gets two thirds of what makes writes larger, and smaller buffers then.
func TestBuffersBecomeSmaller(t *testing.T) {
	u := NewUploads(1 << 20)
	var s Share
	var sizes []int
	for range 6 {
		b, ok := u.Take(&s, small, large)
		require.True(t, ok)
		sizes = append(sizes, (len(b.Bytes)-FewMessages)/blockMessage)
	}
	require.Equal(t, []int{16, 4, 1, 1, 1, 1}, sizes)
}

func TestKeptBuffersAreDropped(t *testing.T) {
	u := NewUploads(1 << 20)
	var s Share
	for _, b := range u.fill(&s, small, small) {
		u.Put(b)
	}
	require.Greater(t, u.keptBytes(), u.size/2)
	b, _ := u.Take(&s, large, large)
	require.LessOrEqual(t, u.keptBytes(), u.free)
	u.Put(b)
	require.Zero(t, s.held)
}

func TestUploadMemoryThatWasSetAsideComesBack(t *testing.T) {
	u := &Uploads{size: small, free: small}
	var a, b Share
	first, _ := u.Take(&a, small, small)
	isGranted := false
	w := u.Wait(&b, small, func() { isGranted = true })
	u.Put(first)
	require.True(t, isGranted, "at the moment when its connection ends")
	u.Cancel(w)
	require.EqualValues(t, small, u.free)
	require.Zero(t, b.held)
}
