// Package quantity writes numbers as people read them: sizes, rates, durations, shares
// and counts; and it reads sizes. It does no I/O.
package quantity

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// A Bytes is a number of bytes, which a flag takes as 65536, 64KiB, 64K or 64k.
// KB, MB and GB are powers of a thousand.
type Bytes int64

var units = []struct {
	name   string
	factor float64
}{
	{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"tib", 1 << 40},
	{"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"tb", 1e12},
	{"k", 1 << 10}, {"m", 1 << 20}, {"g", 1 << 30}, {"t", 1 << 40}, {"b", 1},
}

// UnmarshalText reads a number with or without a unit.
func (b *Bytes) UnmarshalText(text []byte) error {
	s := strings.ToLower(strings.TrimSpace(string(text)))
	factor := 1.0
	for _, u := range units {
		if number, ok := strings.CutSuffix(s, u.name); ok {
			s, factor = strings.TrimSpace(number), u.factor
			break
		}
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(n) || n < 0 || n*factor >= 1<<62 {
		return fmt.Errorf("%q is not a size; give one such as 256MiB", text)
	}
	*b = Bytes(n * factor)
	return nil
}

// String returns the number with a unit.
func (b Bytes) String() string { return Size(int64(b)) }

// Size returns a number of bytes with a unit: "12 B", "1.5 MiB".
func Size(n int64) string {
	if n < 1<<10 {
		return fmt.Sprintf("%d B", n)
	}
	f, unit := scale(float64(n))
	return fmt.Sprintf("%.1f %s", f, unit)
}

// ExactSize returns a number of bytes with a unit if that says all, and else as it is.
func ExactSize(n int64) string {
	for _, u := range []struct {
		name   string
		factor int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n >= u.factor && n%u.factor == 0 {
			return fmt.Sprintf("%d %s", n/u.factor, u.name)
		}
	}
	return Number(n) + " bytes"
}

func scale(f float64) (float64, string) {
	unit := "B"
	for _, next := range []string{"KiB", "MiB", "GiB", "TiB", "PiB"} {
		if f < 1023.95 {
			break
		}
		f, unit = f/1024, next
	}
	return f, unit
}

// Rate returns bytes per second with a unit.
func Rate(perSecond float64) string {
	if perSecond < 1 || math.IsNaN(perSecond) {
		return "0 B/s"
	}
	return Size(int64(perSecond)) + "/s"
}

// Speed returns the rate of n bytes in d.
func Speed(n int64, d time.Duration) string {
	return Rate(float64(n) / max(d.Seconds(), 1e-3))
}

// Duration returns a duration as people say it.
func Duration(d time.Duration) string {
	switch {
	case d < 0:
		return "0 s"
	case d < 100*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return Clock(d)
}

// Clock returns a duration as a clock shows it: "0:07", "1:02:03", "3 days".
func Clock(d time.Duration) string {
	s := int64(math.Ceil(d.Seconds()))
	switch {
	case s < 3600:
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	case s < 100*3600:
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d days", s/86400)
}

// About returns a time to wait in one unit: "5 s", "2 min", "3 h".
func About(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", max(int64(math.Ceil(d.Seconds())), 1))
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	return fmt.Sprintf("%.0f h", d.Hours())
}

// Round returns a number with the given number of decimals, for programs.
func Round(f float64, decimals int) float64 {
	scale := math.Pow10(decimals)
	return math.Round(f*scale) / scale
}

// Seconds returns a time in whole seconds, rounded up; 0 if it is negative.
func Seconds(d time.Duration) int64 { return max(int64(math.Ceil(d.Seconds())), 0) }

// Percent returns a share, and "100%" only if that is all of it.
func Percent(share float64) string {
	if share >= 1 {
		return "100%"
	}
	return fmt.Sprintf("%.1f%%", math.Floor(max(share, 0)*1000)/10)
}

// Count returns a number with what it counts.
func Count(n int, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case strings.HasSuffix(what, "y"):
		return Number(int64(n)) + " " + strings.TrimSuffix(what, "y") + "ies"
	}
	return Number(int64(n)) + " " + what + "s"
}

// Number returns a number with commas.
func Number(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
