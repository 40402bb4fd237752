package handshake

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParserKnowsPartsAsTheyArrive(t *testing.T) {
	whole := sample().AppendTo(nil)
	for n := range len(whole) + 1 {
		var p Parser
		took, err := p.Feed(whole[:n])
		require.NoError(t, err)
		require.Equal(t, n, took)
		want := Field(0)
		var h Handshake
		if n >= 20 {
			want |= Name
			h.Protocol = Protocol
		}
		if n >= 28 {
			want |= ReservedBits
			h.Reserved = sample().Reserved
		}
		if n >= 48 {
			want |= InfoHash
			h.InfoHash = sample().InfoHash
		}
		if n == Len {
			want |= PeerID
			h.PeerID = sample().PeerID
		}
		require.Equal(t, want, p.Known(), "%d bytes", n)
		require.Equal(t, h, p.Handshake(), "%d bytes", n)
		require.Equal(t, Len-n, p.Want())
	}
}

func TestParserTakesNothingAfterTheHandshake(t *testing.T) {
	var p Parser
	n, err := p.Feed(append(sample().AppendTo(nil), "more"...))
	require.NoError(t, err)
	require.Equal(t, Len, n)
	n, err = p.Feed([]byte("more"))
	require.NoError(t, err)
	require.Zero(t, n)
}

func TestParserRefusesAtTheFirstWrongByte(t *testing.T) {
	for _, start := range []string{"G", "\x00", "\x14", "\x13b", "\x13BitTorrent protocom"} {
		var p Parser
		n, err := p.Feed([]byte(start + "and more"))
		var wrong *ProtocolError
		require.ErrorAs(t, err, &wrong)
		require.Equal(t, start, string(wrong.Start))
		require.Equal(t, len(start), n)
	}
}

func TestParserWantNeverReachesPastTheHandshake(t *testing.T) {
	for _, name := range []string{"x", Protocol, "a longer name than that of BitTorrent"} {
		h := sample()
		h.Protocol = name
		whole := h.AppendTo(nil)
		p := Parser{Protocols: []string{"x", Protocol, "a longer name than that of BitTorrent"}}
		taken, reads := 0, 0
		for ; p.Want() > 0; reads++ {
			require.LessOrEqual(t, taken+p.Want(), len(whole))
			n, err := p.Feed(whole[taken : taken+p.Want()])
			require.NoError(t, err)
			taken += n
		}
		require.Equal(t, len(whole), taken)
		require.Equal(t, 2, reads, "the length of the name, and the rest")
		require.Equal(t, h, p.Handshake())
	}
}
