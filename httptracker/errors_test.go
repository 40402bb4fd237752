package httptracker

import (
	"errors"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHideURL(t *testing.T) {
	secrets := []string{"0123456789abcdef"}
	inner := errors.New("refused")
	err := hideURL(&url.Error{Op: "Get", URL: "http://t.test/0123456789abcdef", Err: inner}, secrets)
	require.Equal(t, inner, err)
	err = hideURL(&url.Error{Err: &url.Error{URL: "x", Err: errors.New("lookup 0123456789ABCDEF.test: no such host")}}, secrets)
	require.EqualError(t, err, "lookup ***.test: no such host")
	require.NoError(t, hideURL(nil, nil))
}
