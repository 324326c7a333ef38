package cli

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/runfleet/runfleet/fleet/cost"
	"github.com/runfleet/runfleet/fleet/replay"
	"github.com/runfleet/runfleet/provision/catalog"
)

// grid prints rows in columns, the first to the left, the others to the right.
func grid(out io.Writer, rows [][]string) {
	var widths []int
	for _, r := range rows {
		for i, cell := range r {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, r := range rows {
		var b strings.Builder
		for i, cell := range r {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				b.WriteString(cell + pad)
			} else {
				b.WriteString("   " + pad + cell)
			}
		}
		fmt.Fprintln(out, strings.TrimRight(b.String(), " "))
	}
}

// String is the trace in a line.
func (f facts) String() string {
	span := fmt.Sprintf("%.1f days", f.Days)
	if f.Days < 2 {
		span = short(f.trace.Span())
	}
	noun := "jobs"
	if f.Jobs == 1 {
		noun = "job"
	}
	return fmt.Sprintf("%s: %s %s in %s from %s on, %s hours of work",
		filepath.Base(f.File), grouped(f.Jobs), noun, span, f.Begin[:len("2006-01-02")], hours(f.Work))
}

func hours(seconds float64) string {
	if seconds < 100*3600 {
		return fmt.Sprintf("%.1f", seconds/3600)
	}
	return grouped(int(seconds/3600 + 0.5))
}

func share(part, all float64) string {
	if all == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", part/all*100)
}

func usd(x float64) string {
	cents := int(x*100 + 0.5)
	return fmt.Sprintf("%s.%02d", grouped(cents/100), cents%100)
}

var waitHead = []string{"wait", "p50", "p90", "p95", "p99", "max", "mean", "none"}

func waitRow(name string, w replay.Waits) []string {
	row := []string{name}
	if w.Jobs == 0 {
		return append(row, slices.Repeat([]string{"-"}, len(waitHead)-1)...)
	}
	for _, s := range []float64{w.P50, w.P90, w.P95, w.P99, w.Max, w.Mean} {
		row = append(row, short(time.Duration(s*float64(time.Second))))
	}
	return append(row, share(w.Zero, 1))
}

// tellReplay is what came of one fleet file as a person reads it.
func tellReplay(out io.Writer, r replayed) {
	fmt.Fprintf(out, "%s\n", r.Trace)
	drawn := ""
	if strings.Contains(r.Boot, "..") {
		drawn = fmt.Sprintf(" (drawn, seed %d)", r.Seed)
	}
	fmt.Fprintf(out, "%s: fleet %s; a machine takes its job after %s%s\n\n", filepath.Base(r.Config), r.Fleet, r.Boot, drawn)
	tellJobs(out, r)
	rows := [][]string{waitHead, waitRow("jobs", r.Wait), waitRow("runs, their longest", r.RunWait)}
	machines := [][]string{{"machines", "launched", "started", "wasted", "most at once", "USD"}}
	for _, p := range r.Pools {
		rows = append(rows, waitRow("pool "+p.Name, p.Wait))
		machines = append(machines, machineRow("pool "+p.Name, p.Machines, p.Bill))
	}
	grid(out, rows)
	fmt.Fprintln(out)
	grid(out, append(machines, machineRow("all", r.Machines, r.Bill)))
	fmt.Fprintln(out)
	tellBill(out, r.Bill)
	fmt.Fprintln(out)
	if r.Jobs.Ran > 0 {
		fmt.Fprintf(out, "$%.4f a job, by list prices of %s (%s) and average Spot prices.\n", r.Bill.USD()/float64(r.Jobs.Ran), catalog.Region, catalog.PricesDate)
	}
	fmt.Fprintf(out, "Replayed in %.2f s, %s jobs a second, %s decisions.\n", r.Took, grouped(int(float64(r.Jobs.Ran)/max(r.Took, 1e-6))), grouped(r.Decisions))
}

// tellJobs says what became of the jobs; what happened to none is left out.
func tellJobs(out io.Writer, r replayed) {
	rows := [][]string{}
	for _, line := range []struct {
		n    int
		text string
	}{
		{r.Jobs.Ran, "ran"},
		{r.Jobs.Cut, "of these cut short by the job limit"},
		{r.Jobs.Cancelled, "cancelled before a runner came"},
		{r.Jobs.NoPool, "with labels that no pool holds"},
		{r.Jobs.GaveUp, "given up by GitHub after a day"},
		{r.Jobs.Unknown, "cancelled at once, or the trace does not say when: left out"},
	} {
		if line.n > 0 || len(rows) == 0 {
			rows = append(rows, []string{grouped(line.n), line.text})
		}
	}
	width := 0
	for _, row := range rows {
		width = max(width, len(row[0]))
	}
	for _, row := range rows {
		fmt.Fprintf(out, "  %*s %s\n", width, row[0], row[1])
	}
	fmt.Fprintln(out)
}

func machineRow(name string, m replay.Machines, b cost.Bill) []string {
	return []string{name, grouped(m.Launched), grouped(m.Started), fmt.Sprintf("%s (%s)", grouped(m.Wasted), share(float64(m.Wasted), float64(m.Launched))), grouped(m.Most), usd(b.USD())}
}

// billParts are the parts of a bill in the order of a table.
func billParts(b cost.Bill) []struct {
	name string
	cost.Part
} {
	return []struct {
		name string
		cost.Part
	}{
		{"work", b.Work}, {"boots", b.Boot}, {"idle", b.Idle}, {"wasted", b.Wasted}, {"minimum of a minute", b.Minimum},
		{"volumes", cost.Part{USD: b.Disk}}, {"volumes of stopped ones", cost.Part{USD: b.Stopped.USD}}, {"addresses", cost.Part{USD: b.Address}},
	}
}

func tellBill(out io.Writer, b cost.Bill) {
	rows := [][]string{{"cost", "hours", "USD", "share"}}
	for _, p := range billParts(b) {
		if p.Part == (cost.Part{}) {
			continue
		}
		time := "-"
		if p.Seconds > 0 {
			time = hours(p.Seconds)
		}
		rows = append(rows, []string{p.name, time, usd(p.USD), share(p.USD, b.USD())})
	}
	grid(out, append(rows, []string{"all", hours(b.Billed()), usd(b.USD()), ""}))
}

// tellComparison puts fleet files side by side. Two of them get a column that
// says what the second one changes.
func tellComparison(out io.Writer, all []replayed) {
	fmt.Fprintf(out, "%s\na machine takes its job after %s\n\n", all[0].Trace, all[0].Boot)
	head := []string{""}
	for _, r := range all {
		head = append(head, filepath.Base(r.Config))
	}
	rows := [][]string{head}
	add := func(name string, of func(replayed) (float64, string)) {
		row := []string{name}
		var xs []float64
		for _, r := range all {
			x, text := of(r)
			xs, row = append(xs, x), append(row, text)
		}
		if slices.Max(xs) == 0 {
			return
		}
		if len(xs) == 2 {
			row = append(row, change(xs[0], xs[1], row[1]))
		}
		rows = append(rows, row)
	}
	compareJobs(add)
	compareCost(add)
	grid(out, rows)
	fmt.Fprintf(out, "\nUSD by list prices of %s (%s) and average Spot prices.\n", catalog.Region, catalog.PricesDate)
}

// line adds a line to a comparison: its name, and what it is for a fleet file,
// as a number and as text.
type line func(name string, of func(replayed) (float64, string))

func compareJobs(add line) {
	count := func(name string, of func(replayed) int) {
		add(name, func(r replayed) (float64, string) { return float64(of(r)), grouped(of(r)) })
	}
	wait := func(name string, of func(replayed) float64) {
		add(name, func(r replayed) (float64, string) {
			return of(r), short(time.Duration(of(r) * float64(time.Second)))
		})
	}
	count("jobs that ran", func(r replayed) int { return r.Jobs.Ran })
	count("cut short", func(r replayed) int { return r.Jobs.Cut })
	count("no pool", func(r replayed) int { return r.Jobs.NoPool })
	count("waited a day in vain", func(r replayed) int { return r.Jobs.GaveUp })
	wait("wait p50", func(r replayed) float64 { return r.Wait.P50 })
	wait("wait p90", func(r replayed) float64 { return r.Wait.P90 })
	wait("wait p95", func(r replayed) float64 { return r.Wait.P95 })
	wait("wait p99", func(r replayed) float64 { return r.Wait.P99 })
	wait("wait max", func(r replayed) float64 { return r.Wait.Max })
	add("no wait", func(r replayed) (float64, string) { return r.Wait.Zero, share(r.Wait.Zero, 1) })
	wait("longest wait of a run, p95", func(r replayed) float64 { return r.RunWait.P95 })
	count("machines launched", func(r replayed) int { return r.Machines.Launched })
	count("machines started", func(r replayed) int { return r.Machines.Started })
	count("machines wasted", func(r replayed) int { return r.Machines.Wasted })
	count("machines at once", func(r replayed) int { return r.Machines.Most })
}

func compareCost(add line) {
	for i, p := range billParts(cost.Bill{}) {
		add("USD "+p.name, func(r replayed) (float64, string) {
			x := billParts(r.Bill)[i].USD
			return x, usd(x)
		})
	}
	add("USD all", func(r replayed) (float64, string) { return r.Bill.USD(), usd(r.Bill.USD()) })
	add("USD a job", func(r replayed) (float64, string) {
		x := r.Bill.USD() / max(1, float64(r.Jobs.Ran))
		return x, fmt.Sprintf("%.4f", x)
	})
}

// change is what b is more or less than a. What shows as nothing has no share.
func change(a, b float64, shown string) string {
	switch {
	case a == b:
		return "="
	case a == 0, strings.Trim(shown, "0. %") == "":
		return ""
	case b >= 10*a:
		return "×" + grouped(int(b/a+0.5))
	}
	return fmt.Sprintf("%+.0f %%", (b-a)/a*100)
}
