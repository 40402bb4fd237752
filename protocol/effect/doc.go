// Package effect is what a State asks of its caller.
//
// Package protocol makes the effects and re-exports all of them, so programs rarely import
// this package. Its types are values without behavior. Slices in an effect are the caller's
// until it gives the answer that the effect asks for.
package effect
