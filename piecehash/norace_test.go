//go:build !race

package piecehash_test

const race = false
