// Package standin has what stands for the parts that a State is not given.
//
// A [Picker] stands for the picker of a torrent that requests nothing, and a [Memory] for
// the share of the buffers if nobody limits them. A State owns them; they do nothing that
// others see.
package standin
