package client

// Stats are figures over all torrents of a client at one moment.
type Stats struct {
	Torrents int // that the client has
	Complete int // of those, with every piece
	Finished int // with every piece that is wanted
	Peers    int // connections

	Length int64 // bytes of all torrents, pads included
	Left   int64 // bytes that are not held

	WantedLength int64 // bytes of all pieces that are wanted, pads included
	WantedLeft   int64 // of those, the bytes that are not held

	Downloaded, Uploaded int64   // payload bytes of the present torrents, over all runs
	Down, Up             float64 // payload bytes per second
	Wasted               int64   // payload bytes that were thrown away
}

// Progress returns the share of what is wanted that is held, 0 to 1.
func (s Stats) Progress() float64 {
	if s.WantedLength == 0 {
		return 1
	}
	return 1 - float64(s.WantedLeft)/float64(s.WantedLength)
}

// Ratio returns Uploaded divided by Downloaded, or 0 if nothing was downloaded.
func (s Stats) Ratio() float64 {
	if s.Downloaded == 0 {
		return 0
	}
	return float64(s.Uploaded) / float64(s.Downloaded)
}

// Stats returns the figures of all torrents together.
func (c *Client) Stats() (sum Stats) {
	for _, t := range c.Torrents() {
		s := t.Stats()
		sum.Torrents++
		if s.Complete() {
			sum.Complete++
		}
		if s.Finished() {
			sum.Finished++
		}
		sum.Peers += s.Peers
		sum.Length += s.Length
		sum.Left += s.Left
		sum.WantedLength += s.WantedLength
		sum.WantedLeft += max(s.WantedLeft, 0)
		sum.Downloaded += s.Down.Total
		sum.Uploaded += s.Up.Total
		sum.Down += s.Down.Rate
		sum.Up += s.Up.Rate
		sum.Wasted += s.Wasted
	}
	return sum
}
