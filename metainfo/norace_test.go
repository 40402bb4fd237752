//go:build !race

package metainfo_test

const race = false
