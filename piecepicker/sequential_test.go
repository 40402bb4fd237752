package piecepicker

import "testing"

func TestSequentialGoesByIndex(t *testing.T) {
	g := blocks(6, 2)
	play(t, g, NewSequential(g, Config{}), `
		A joins 111111
		B joins 001101
		held 1
		B asks 3 = 2.0 2.1 3.0
		A asks 3 = 3.1 0.0 0.1   # what B began, then the first
		A asks 2 = 4.0 4.1
		lose 1
		A asks 3 = 1.0 1.1 5.0
	`)
}

func TestSequentialGoesByPriority(t *testing.T) {
	g := blocks(6, 1)
	play(t, g, NewSequential(g, Config{}), `
		A joins 111111
		B joins 110000
		priority 1 0
		priority 3 7
		priority 4 7
		priority 5 1
		interest B = true
		A asks 4 = 3.0 4.0 0.0 2.0
		held 0
		interest B = false
		priority 1 4
		interest B = true
		A asks 2 = 1.0 5.0
	`)
}

func TestSequentialGoesOnPast64(t *testing.T) {
	g := blocks(200, 1)
	p := NewSequential(g, Config{})
	for i := range 130 {
		p.Held(i)
	}
	has := make([]byte, 200)
	for i := range has {
		has[i] = '1'
	}
	play(t, g, p, `
		A joins `+string(has)+`
		A asks 2 = 130.0 131.0
		lose 63
		lose 64
		A asks 3 = 63.0 64.0 132.0
	`)
}
