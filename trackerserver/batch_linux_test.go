package trackerserver

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestBatchSkipsWhatCannotBeSent answers three packets, the second of which cannot be
// answered.
func TestBatchSkipsWhatCannotBeSent(t *testing.T) {
	for _, listen := range []string{"127.0.0.1:0", "0.0.0.0:0"} {
		c, err := net.ListenPacket("udp4", listen)
		require.NoError(t, err)
		defer c.Close()
		b := openBatch(c).(*messages)
		_, port, err := net.SplitHostPort(c.LocalAddr().String())
		require.NoError(t, err)
		client, err := net.Dial("udp4", "127.0.0.1:"+port)
		require.NoError(t, err)
		defer client.Close()
		for range 3 {
			_, err := client.Write([]byte("question"))
			require.NoError(t, err)
		}
		got := 0
		for got < 3 {
			n, err := b.read()
			require.NoError(t, err)
			for i := range n {
				from, packet := b.packet(i)
				require.Equal(t, "question", string(packet))
				require.Equal(t, client.LocalAddr().String(), from.String())
				got++
				if got == 2 {
					b.in[i].Addr.(*net.UDPAddr).Port = 0
				}
				b.reply(i, []byte{byte('0' + got)})
			}
			b.write()
		}
		require.NoError(t, client.SetReadDeadline(time.Now().Add(10*time.Second)))
		for _, want := range []string{"1", "3"} {
			answer := make([]byte, 10)
			n, err := client.Read(answer)
			require.NoError(t, err)
			require.Equal(t, want, string(answer[:n]))
		}
	}
}
