package handlertest_test

import (
	"testing"

	"github.com/shoal-bt/shoal/trackerserver"
	"github.com/shoal-bt/shoal/trackerserver/handlertest"
)

func TestMemory(t *testing.T) {
	handlertest.Run(t, func(_ *testing.T, c trackerserver.Config) trackerserver.Handler { return trackerserver.NewMemory(c) })
}
