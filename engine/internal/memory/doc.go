// Package memory bounds the memory of blocks that are on their way: from the network
// to the disk, and from the disk to the network. Package protocol/budget decides who gets
// some; here is who waits for it.
package memory
