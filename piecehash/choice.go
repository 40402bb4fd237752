package piecehash

import "time"

// A choice says what is fastest on this processor, for each number of messages.
type choice struct {
	// kernels[n] is the kernel to begin n messages with. If it has fewer lanes than
	// that, the other messages follow as lanes become free. It is nil if the
	// standard library is the fastest for all n, and so for any smaller number.
	kernels [lanes + 1]*kernel
}

const (
	trialLen    = 2 << 10 // bytes of each lane in one measurement
	trialRounds = 12      // measurements of each way; the shortest counts
)

// best returns the choice for a. The first call measures it, which takes a few tenths
// of a millisecond.
func (a *algorithm) best() *choice {
	if c := a.choice.Load(); c != nil {
		return c
	}
	a.measuring.Lock()
	defer a.measuring.Unlock()
	if c := a.choice.Load(); c != nil {
		return c
	}
	c := choose(a.kernels, a.measure())
	a.choice.Store(c)
	return c
}

// costs are the times that each way takes for the same number of bytes per lane.
type costs struct {
	std    time.Duration   // of one lane
	kernel []time.Duration // of all lanes of each kernel
}

// measure times all ways. It alternates between them, so that a disturbance is likely
// to slow down several of them or none.
func (a *algorithm) measure() costs {
	const long = time.Hour
	out := costs{std: long, kernel: make([]time.Duration, len(a.kernels))}
	if len(a.kernels) == 0 {
		return out
	}
	for n := range out.kernel {
		out.kernel[n] = long
	}
	var state words
	var at [lanes]*byte
	data := make([]byte, trialLen)
	for l := range at {
		at[l] = &data[0]
	}
	h := a.hasher()
	defer a.hashers.Put(h)
	for range trialRounds {
		start := time.Now()
		h.Write(data)
		out.std = min(out.std, time.Since(start))
		for n, k := range a.kernels {
			start := time.Now()
			k.run((*[8][lanes]uint32)(&state), &at, trialLen/64)
			out.kernel[n] = min(out.kernel[n], time.Since(start))
		}
	}
	return out
}

// choose makes a choice from measured times, for messages of equal length. It adds a
// twentieth to the time of a kernel, because filling lanes takes time too.
func choose(kernels []kernel, t costs) *choice {
	c := new(choice)
	var total [lanes + 1]time.Duration // of that many messages
	for n := 1; n <= lanes; n++ {
		total[n] = time.Duration(n) * t.std
		for i := range kernels {
			k := &kernels[i]
			cost := t.kernel[i] + t.kernel[i]/20
			all := cost + total[n-min(k.width, n)]
			if all < total[n] {
				total[n], c.kernels[n] = all, k
			}
		}
	}
	return c
}

// kernel returns the kernel to begin a number of messages with. nil means that the
// standard library hashes all of them.
func (c *choice) kernel(messages int) *kernel { return c.kernels[min(messages, lanes)] }

// lanes returns how many of a number of messages to hash side by side at first. 0
// means that the standard library hashes all of them.
func (c *choice) lanes(messages int) int {
	k := c.kernel(messages)
	if k == nil {
		return 0
	}
	return min(k.width, messages)
}
