// Package processor says to which class this machine's processor belongs: by what its
// programs use, which is what it has less what GODEBUG turns off.
package processor
