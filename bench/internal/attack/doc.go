// Package attack has peers that try to harm the program shoal, and measures what honest
// peers notice of them.
//
// An [Attack] starts the program as a process of its own, on addresses of this machine
// alone ([Setting]), and measures one figure twice: without the attackers, then with them.
// Every attack is bounded in the number of its connections, in its rate, and in time.
//
// Not here: tables of the figures, and of which goals were met.
package attack
