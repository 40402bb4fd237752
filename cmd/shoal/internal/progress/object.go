package progress

import (
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
)

// An Object is the JSON object of a torrent that is under way. Down, Up and ETA are
// left out until they are known.
type Object struct {
	Event     string  `json:"event"`   // "progress"
	Torrent   string  `json:"torrent"` // info hash
	State     string  `json:"state"`
	Share     float64 `json:"share"` // 0 to 1, of what is wanted; of the check while that lasts
	Held      int     `json:"held"`  // pieces
	Pieces    int     `json:"pieces"`
	Left      int64   `json:"left"`            // bytes of the whole torrent
	Wanted    int64   `json:"wanted"`          // bytes
	Missing   int64   `json:"wantedLeft"`      // bytes that are wanted and not held
	Down      *int64  `json:"down,omitempty"`  // bytes per second
	Up        *int64  `json:"up,omitempty"`    // bytes per second
	Got       int64   `json:"downloaded"`      // bytes, in this run
	Sent      int64   `json:"uploaded"`        // bytes, in this run
	GotTotal  int64   `json:"downloadedTotal"` // bytes, in all runs
	SentTotal int64   `json:"uploadedTotal"`   // bytes, in all runs
	Peers     int     `json:"peers"`
	Seeds     int     `json:"seeds"`
	ETA       *int64  `json:"eta,omitempty"` // seconds
	DHT       *int    `json:"dht,omitempty"` // nodes of the DHT that are known

	Readers []ReaderObject `json:"readers,omitempty"` // who reads files of it
}

// Object returns what programs get of the view. id is the torrent's info hash.
func (v View) Object(id string) Object {
	st := v.Stats
	wanted, missing := v.wanted()
	p := Object{
		Event:     "progress",
		Torrent:   id,
		State:     v.State(),
		Share:     quantity.Round(v.Share(), 4),
		Held:      st.Held,
		Pieces:    st.Pieces,
		Left:      st.Left,
		Wanted:    wanted,
		Missing:   missing,
		Got:       v.Received,
		Sent:      v.Sent,
		GotTotal:  st.Down.Total,
		SentTotal: st.Up.Total,
		Peers:     st.Peers,
		Seeds:     st.Seeds,
		DHT:       v.DHTNodes,
		Readers:   v.readerObjects(),
	}
	if v.Measured {
		down, up := int64(v.Down), int64(v.Up)
		p.Down, p.Up = &down, &up
	}
	if eta, known := v.ETA(); known && missing > 0 {
		seconds := quantity.Seconds(eta)
		p.ETA = &seconds
	}
	return p
}

// A MetadataObject is the JSON object of a torrent whose metadata is fetched.
type MetadataObject struct {
	Event   string `json:"event"`   // "metadata"
	Torrent string `json:"torrent"` // info hash
	Name    string `json:"name"`
	State   string `json:"state"`
	Peers   int    `json:"peers"`
	Held    int    `json:"held"`             // pieces of the metadata
	Pieces  int    `json:"pieces,omitempty"` // of the metadata
	DHT     *int   `json:"dht,omitempty"`    // nodes of the DHT that are known
}

// MetadataObject returns what programs get of the view while the metadata is missing.
func (v View) MetadataObject(id string) MetadataObject {
	return MetadataObject{
		Event:   "metadata",
		Torrent: id,
		Name:    v.Name,
		State:   v.State(),
		Peers:   v.Metadata.Peers,
		Held:    v.Metadata.Held,
		Pieces:  v.Metadata.Pieces,
		DHT:     v.DHTNodes,
	}
}
