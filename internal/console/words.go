package console

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	h "github.com/tokengraft/tokengraft/internal/console/html"
)

// span writes how long something takes, with at most two units.
func span(d time.Duration) string {
	d = d.Abs()
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 10*time.Minute:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < time.Hour-30*time.Second:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < day:
		d = d.Round(time.Minute)
		return two(int(d.Hours()), "h", int(d.Minutes())%60, "min")
	default:
		return two(int(d/day), "d", int(d%day/time.Hour), "h")
	}
}

func two(large int, unit string, small int, smaller string) string {
	if small == 0 {
		return fmt.Sprintf("%d %s", large, unit)
	}
	return fmt.Sprintf("%d %s %d %s", large, unit, small, smaller)
}

// since writes how long ago an instant was, as an element that has the instant too.
func since(t, now time.Time) h.Node {
	return moment(t, span(now.Sub(t)))
}

// ago is since with the word ago, and in words for an instant in the future.
func ago(t, now time.Time) h.Node {
	switch d := now.Sub(t); {
	case t.IsZero():
		return h.Text("never")
	case d < -time.Second:
		return moment(t, "in "+span(d))
	case d < 2*time.Second:
		return moment(t, "now")
	default:
		return moment(t, span(d)+" ago")
	}
}

func agoOf(t *time.Time, now time.Time) h.Node {
	if t == nil {
		return h.Text("never")
	}
	return ago(*t, now)
}

func moment(t time.Time, words string) h.Node {
	utc := t.UTC()
	return h.Time(h.DateTime(utc.Format(time.RFC3339)), h.Title(utc.Format("2006-01-02 15:04:05 UTC")), h.Text(words))
}

// size writes a number of bytes.
func size[T int | int64](bytes T) string { return sizeOf(float64(bytes)) }

func sizeOf(bytes float64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	i := 0
	for bytes >= 1024 && i < len(units)-1 {
		bytes /= 1024
		i++
	}
	return short(bytes) + " " + units[i]
}

// short writes a number with three digits.
func short(v float64) string {
	if v == 0 || math.Abs(v) >= 1000 {
		return strconv.FormatFloat(math.Round(v), 'f', -1, 64)
	}
	digits := max(0, 2-int(math.Floor(math.Log10(math.Abs(v)))))
	text := strconv.FormatFloat(v, 'f', min(digits, 4), 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// quantity writes a value of a plot with its unit.
func quantity(v float64, unit string) string {
	switch unit {
	case "bytes":
		return sizeOf(v)
	case "ms":
		if v >= 1000 {
			return short(v/1000) + " s"
		}
		return short(v) + " ms"
	case "s", "seconds":
		return spanOf(v)
	case "per second":
		return short(v) + "/s"
	case "%":
		return short(v) + " %"
	default:
		return short(v)
	}
}

func spanOf(seconds float64) string {
	if seconds < 60 {
		return short(seconds) + " s"
	}
	return span(time.Duration(seconds * float64(time.Second)))
}

// count writes a number and its noun.
func count[T int | int64](n T, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(int64(n)) + " " + many
}

// grouped writes a whole number with a thin space between groups of three digits.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "\u202f" + digits[i:]
	}
	return digits
}

// prose writes a text that has code between backquotes.
func prose(text string) h.Node {
	nodes := h.Group{}
	for i, part := range strings.Split(text, "`") {
		switch {
		case part == "":
		case i%2 == 1:
			nodes = append(nodes, h.Code(h.Text(part)))
		default:
			nodes = append(nodes, h.Text(part))
		}
	}
	return nodes
}
