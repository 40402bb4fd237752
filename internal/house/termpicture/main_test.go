package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDraw(t *testing.T) {
	var out strings.Builder
	require.NoError(t, draw(&out, strings.NewReader("a \x1b[2;36m<b>\x1b[0m\n\x1b[1mc\nd\n\n")))
	svg := out.String()
	require.Contains(t, svg, `fill="#d8dee9" textLength="16.8" lengthAdjust="spacingAndGlyphs" xml:space="preserve">a </text>`)
	require.Contains(t, svg, `fill="#56b6c2" opacity="0.6"`)
	require.Contains(t, svg, `>&lt;b&gt;</text>`)
	require.Equal(t, 2, strings.Count(svg, `font-weight="bold"`), "a style goes on to the next line")
	require.Equal(t, 4, strings.Count(svg, "<text "))
}
