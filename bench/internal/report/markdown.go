package report

import (
	"fmt"
	"io"
	"strings"
)

// Markdown writes tables of medians and bounds.
func (r *Report) Markdown(w io.Writer) error {
	var b strings.Builder
	b.WriteString(r.Machine)
	if r.Class != "" {
		fmt.Fprintf(&b, "; class: %s", r.Class)
	}
	fmt.Fprintf(&b, "; %s", r.Go)
	if len(r.Rivals) > 0 {
		fmt.Fprintf(&b, "; %s", strings.Join(r.Rivals, ", "))
	}
	fmt.Fprintf(&b, "; %s. Content of %s, rounds: %d, medians.\n", r.Time.UTC().Format("2006-01-02"), bytesText(r.Size), r.Rounds)
	for i := range r.Scenarios {
		r.Scenarios[i].markdown(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func bytesText(n int64) string {
	if n%(1<<30) == 0 {
		return fmt.Sprintf("%d GiB", n>>30)
	}
	return fmt.Sprintf("%d MiB", n>>20)
}

func (s *Scenario) markdown(b *strings.Builder) {
	fmt.Fprintf(b, "\n### %s\n\n", s.Title)
	if s.Note != "" {
		fmt.Fprintf(b, "%s\n\n", s.Note)
	}
	if columns := s.columns(); len(columns) > 0 {
		b.WriteString("| |")
		for _, m := range columns {
			fmt.Fprintf(b, " %s |", m)
		}
		b.WriteString("\n|---|" + strings.Repeat("---:|", len(columns)) + "\n")
		for _, r := range s.Rows {
			fmt.Fprintf(b, "| %s |", r.Name)
			for _, m := range columns {
				x, ok := r.Median[m]
				fmt.Fprintf(b, " %s |", number(x, ok))
			}
			b.WriteString("\n")
		}
	}
	if len(s.Bounds) > 0 {
		b.WriteString("\n| bound | wanted | measured | |\n|---|---:|---:|---|\n")
		for _, c := range s.Bounds {
			fmt.Fprintf(b, "| %s |\n", strings.Join(c.cells(), " | "))
		}
	}
	for _, e := range s.Errors {
		fmt.Fprintf(b, "\nError: %s\n", e)
	}
}

// columns returns the metrics that some contender has.
func (s *Scenario) columns() (used []Metric) {
	for _, m := range metrics {
		for _, r := range s.Rows {
			if _, ok := r.Median[m]; ok {
				used = append(used, m)
				break
			}
		}
	}
	return used
}

// cells returns what a bound's line says.
func (c Bound) cells() []string {
	sign, times := "≤", ""
	if c.AtLeast {
		sign = "≥"
	}
	what := fmt.Sprintf("%s: %s", c.Of, c.Metric)
	if c.By != "" {
		what = fmt.Sprintf("%s ÷ %s: %s", c.Of, c.By, c.Metric)
		times = " ×"
	}
	verdict := "met"
	switch {
	case !c.Known:
		return []string{what, sign + " " + number(c.Limit, true) + times, "–", "not measured"}
	case !c.Met():
		verdict = "**missed**"
	}
	return []string{what, sign + " " + number(c.Limit, true) + times, number(c.Measured, true) + times, verdict}
}

// number writes three digits, or more where they stand before the point.
func number(x float64, ok bool) string {
	switch {
	case !ok:
		return "–"
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	default:
		return fmt.Sprintf("%.2f", x)
	}
}

// Line returns the figures of one run in a line.
func Line(name string, v Values) string {
	s := name + ":"
	for _, m := range metrics {
		if x, ok := v[m]; ok {
			s += fmt.Sprintf("  %s %s", m, number(x, true))
		}
	}
	return s
}
