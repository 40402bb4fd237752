package main

import (
	"context"
	"encoding/binary"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// startTracker starts a small UDP tracker with a single swarm, and returns its announce URL.
func startTracker(t *testing.T) string {
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	var serving sync.WaitGroup
	serving.Go(func() {
		var ports [][]byte
		b := make([]byte, 2048)
		for {
			n, from, err := conn.ReadFrom(b)
			if err != nil {
				return
			}
			if n < 16 {
				continue
			}
			answer := slices.Clone(b[8:16]) // action and transaction
			if answer[3] == 0 {             // connect
				conn.WriteTo(append(answer, "a secret"...), from)
				continue
			}
			answer = binary.BigEndian.AppendUint32(answer, 60)
			answer = append(answer, make([]byte, 8)...) // leechers and seeds
			ports = append(ports, slices.Clone(b[96:98]))
			for _, port := range ports { // also the asker's own
				answer = append(append(answer, 127, 0, 0, 1), port...)
			}
			conn.WriteTo(answer, from)
		}
	})
	t.Cleanup(func() { conn.Close(); serving.Wait() })
	return "udp://" + conn.LocalAddr().String()
}

// Two programs that know a name and a tracker meet.
func TestMeet(t *testing.T) {
	url := startTracker(t)
	var ann, bob strings.Builder
	var running sync.WaitGroup
	running.Go(func() {
		if err := meet(t.Context(), &ann, url, "chess players of Ulm", "Ann\x1b[31m"); err != nil {
			t.Error(err)
		}
	})
	require.NoError(t, meet(t.Context(), &bob, url, "chess players of Ulm", "Bob"))
	running.Wait()
	require.Equal(t, "met \"Bob\"\n", ann.String())
	require.Equal(t, "met \"Ann\\x1b[31m\"\n", bob.String())
}

func TestMeetNobody(t *testing.T) {
	require.Error(t, meet(t.Context(), nil, "http://tracker.example", "x", "y"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, meet(ctx, nil, startTracker(t), "x", "y"), context.Canceled)
}
