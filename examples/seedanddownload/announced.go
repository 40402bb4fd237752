package main

import (
	"context"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/engine"
)

// announced waits until a tracker has answered, so that the other side finds us
// the first time it asks.
func announced(ctx context.Context, events *client.Stream) error {
	defer events.Close()
	for {
		e, err := events.Next(ctx)
		if err != nil {
			return err
		}
		switch e.(type) {
		case engine.SourceReply:
			return nil
		case engine.SourceError:
			return client.ErrorOf(e)
		}
	}
}
