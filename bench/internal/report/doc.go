// Package report keeps what was measured and shows it: medians and ratios as a
// Markdown table, every run as JSON, and a plot of rates and CPU time as SVG.
package report
