// Package wan joins two network namespaces by a long link: packets take time, the
// link carries so many bits a second each way behind a queue that has an end, and
// some packets are lost by chance. It needs Linux, root, /dev/net/tun and ip(8), and
// no support of the kernel for any of that (netem).
package wan
