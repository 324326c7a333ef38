package github_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// delivery is one row of GitHub's list.
type delivery struct {
	id     int
	guid   string
	at     time.Duration // before noon
	status string
	code   int
	event  string // workflow_job if empty
}

// box is the part of GitHub that keeps deliveries, newest first.
type box struct {
	rows   []delivery
	bodies map[int]string // by id; the id itself if absent
	status map[int]int    // of a read that is refused
	lists  int
	reads  []int
}

func (b *box) mount(r *rig) {
	r.mux.HandleFunc("GET /app/hook/deliveries", func(w http.ResponseWriter, req *http.Request) {
		b.lists++
		from, _ := strconv.Atoi(strings.TrimPrefix(req.URL.Query().Get("cursor"), "v1_"))
		size, _ := strconv.Atoi(req.URL.Query().Get("per_page"))
		to := min(from+size, len(b.rows))
		var items []string
		for _, d := range b.rows[from:to] {
			event := d.event
			if event == "" {
				event = "workflow_job"
			}
			items = append(items, fmt.Sprintf(`{"id":%d,"guid":%q,"delivered_at":%q,"status":%q,"status_code":%d,"event":%q,"action":null}`,
				d.id, d.guid, noon.Add(-d.at).Format(time.RFC3339), d.status, d.code, event))
		}
		if to < len(b.rows) {
			w.Header().Set("Link", fmt.Sprintf(`<https://api.github.com/app/hook/deliveries?cursor=v1_%d>; rel="next"`, to))
		}
		reply(w, http.StatusOK, "["+strings.Join(items, ",")+"]")
	})
	r.mux.HandleFunc("GET /app/hook/deliveries/{id}", func(w http.ResponseWriter, req *http.Request) {
		id, _ := strconv.Atoi(req.PathValue("id"))
		b.reads = append(b.reads, id)
		if status := b.status[id]; status != 0 {
			reply(w, status, `{}`)
			return
		}
		body := b.bodies[id]
		if body == "" {
			body = fmt.Sprint(id)
		}
		reply(w, http.StatusOK, `{"request":{"headers":{"X-Odd":1},"payload":`+body+`},"response":{"headers":[1]}}`)
	})
}

// lost is what one call returned, in short: the names of the events' jobs.
type lost struct {
	Jobs []string
	UpTo time.Duration // before noon
	Err  string
}

func (r *rig) lost(t *testing.T, since time.Duration) lost {
	t.Helper()
	events, upTo, err := r.Lost(t.Context(), noon.Add(-since))
	got := lost{UpTo: noon.Sub(upTo)}
	for _, e := range events {
		got.Jobs = append(got.Jobs, e.Job.Name)
		if e.At != r.now || e.ID == "" || e.Kind != "workflow_job" {
			t.Errorf("event %+v", e)
		}
	}
	if err != nil {
		got.Err = meaning(err)
	}
	return got
}

// check runs cases of one call that asks for the ten minutes before noon.
func check(t *testing.T, cases map[string]lostCase) {
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			r := rigged(t)
			tt.box.mount(r)
			if diff := cmp.Diff(tt.want, r.lost(t, 10*m)); diff != "" {
				t.Errorf("lost (-want +got):\n%s", diff)
			}
			if strings.Contains(r.log.String(), "ghs_") {
				t.Errorf("log holds a token: %s", r.log)
			}
		})
	}
}

const m = time.Minute

type lostCase struct {
	box  box
	want lost
}

func TestDeliveriesWithoutASuccessAreLost(t *testing.T) {
	check(t, map[string]lostCase{
		"nothing was delivered": {box{}, lost{UpTo: 10 * m}},
		"all went well":         {box{rows: []delivery{{id: 1, guid: "a", at: 5 * m, status: "OK", code: 202}}}, lost{UpTo: 5 * m}},
		"failures come back, oldest first": {box{rows: []delivery{
			{id: 3, guid: "c", at: 2 * m, status: "Invalid HTTP Response: 503", code: 503},
			{id: 2, guid: "b", at: 3 * m, status: "OK", code: 200},
			{id: 1, guid: "a", at: 4 * m, status: "timed out", code: 0},
		}}, lost{Jobs: []string{"1", "3"}, UpTo: 2 * m}},
		"one success among the attempts is enough": {box{rows: []delivery{
			{id: 4, guid: "b", at: 2 * m, status: "OK", code: 200},
			{id: 3, guid: "a", at: 3 * m, status: "failed", code: 500},
			{id: 2, guid: "a", at: 4 * m, status: "OK", code: 200},
			{id: 1, guid: "b", at: 5 * m, status: "failed", code: 500},
		}}, lost{UpTo: 2 * m}},
		"of several failures the newest attempt is read": {box{rows: []delivery{
			{id: 2, guid: "a", at: 2 * m, status: "failed", code: 500},
			{id: 1, guid: "a", at: 5 * m, status: "failed", code: 500},
		}}, lost{Jobs: []string{"2"}, UpTo: 2 * m}},
		"a code of 2xx is a success whatever its text": {box{rows: []delivery{
			{id: 1, guid: "a", at: 5 * m, status: "Accepted", code: 202}}}, lost{UpTo: 5 * m}},
		"other events are left alone": {box{rows: []delivery{
			{id: 1, guid: "a", at: 5 * m, status: "failed", code: 500, event: "workflow_run"}}}, lost{UpTo: 5 * m}},
		"what may not be answered yet is for the next call": {box{rows: []delivery{
			{id: 3, guid: "b", at: 10 * time.Second, status: "failed", code: 500},
			{id: 2, guid: "a", at: 14 * time.Second, status: "failed", code: 500},
			{id: 1, guid: "a", at: 5 * m, status: "failed", code: 500},
		}}, lost{UpTo: 5 * m}},
		"what an older one may be listed after comes back, and since does not pass it": {box{rows: []delivery{
			{id: 2, guid: "b", at: 20 * time.Second, status: "failed", code: 500},
			{id: 1, guid: "a", at: 5 * m, status: "OK", code: 202},
		}}, lost{Jobs: []string{"2"}, UpTo: 5 * m}},
		"what is older than since is for the call before": {box{rows: []delivery{
			{id: 2, guid: "b", at: 10 * m, status: "failed", code: 500},
			{id: 1, guid: "a", at: 10*m + time.Second, status: "failed", code: 500},
		}}, lost{Jobs: []string{"2"}, UpTo: 10 * m}},
	})
}

func TestOneBadDeliveryDoesNotHoldUpTheOthers(t *testing.T) {
	check(t, map[string]lostCase{
		"a body that cannot be read holds up nobody": {box{
			rows: []delivery{
				{id: 3, guid: "c", at: 2 * m, status: "failed", code: 500},
				{id: 2, guid: "b", at: 3 * m, status: "failed", code: 500},
				{id: 1, guid: "a", at: 4 * m, status: "failed", code: 500},
			},
			bodies: map[int]string{1: `"broken"`, 2: `"foreign"`},
		}, lost{Jobs: []string{"3"}, UpTo: 2 * m}},
		"a delivery that GitHub dropped meanwhile is no error": {box{
			rows:   []delivery{{id: 1, guid: "a", at: 4 * m, status: "failed", code: 500}},
			status: map[int]int{1: 404},
		}, lost{UpTo: 4 * m}},
		"one that fails is asked for again, the others are not held up": {box{
			rows: []delivery{
				{id: 3, guid: "c", at: 2 * m, status: "failed", code: 500},
				{id: 2, guid: "b", at: 3 * m, status: "failed", code: 500},
				{id: 1, guid: "a", at: 4 * m, status: "failed", code: 500},
			},
			status: map[int]int{2: 502},
		}, lost{Jobs: []string{"1", "3"}, UpTo: 3 * m}},
		"a limit ends the call and keeps what was read": {box{
			rows: []delivery{
				{id: 3, guid: "c", at: 2 * m, status: "failed", code: 500},
				{id: 2, guid: "b", at: 3 * m, status: "failed", code: 500},
				{id: 1, guid: "a", at: 4 * m, status: "failed", code: 500},
			},
			status: map[int]int{2: 429},
		}, lost{Jobs: []string{"1"}, UpTo: 3 * m}},
		"nor does it pass one of these that fails": {box{
			rows:   []delivery{{id: 1, guid: "a", at: 20 * time.Second, status: "failed", code: 500}, {id: 2, guid: "b", at: 21 * time.Second, status: "failed"}},
			status: map[int]int{1: 502},
		}, lost{Jobs: []string{"2"}, UpTo: 45 * time.Second}},
		"a limit before anything was read is an error": {box{
			rows:   []delivery{{id: 1, guid: "a", at: 4 * m, status: "failed", code: 500}},
			status: map[int]int{1: 429},
		}, lost{UpTo: 10 * m, Err: "throttled"}},
	})
}

// outage is n failures, one each second, the newest two minutes old.
func outage(n int) *box {
	b := &box{}
	for i := range n {
		b.rows = append(b.rows, delivery{id: n - i, guid: fmt.Sprint("g", n-i), at: 2*time.Minute + time.Duration(i)*time.Second, status: "failed"})
	}
	return b
}

func TestALongOutageIsReadBackInSeveralCallsOfOneList(t *testing.T) {
	r, b := rigged(t), outage(700)
	b.mount(r)
	since, seen := time.Hour, map[string]bool{}
	for _, want := range []int{300, 300, 100} {
		got := r.lost(t, since)
		if len(got.Jobs) != want || got.UpTo >= since || got.Err != "" {
			t.Errorf("%d events up to %s, %s; want %d", len(got.Jobs), got.UpTo, got.Err, want)
		}
		since = got.UpTo
		for _, j := range got.Jobs {
			seen[j] = true
		}
	}
	if len(seen) != 700 || since != 2*time.Minute || b.lists != 7 {
		t.Errorf("%d events up to %s in %d pages", len(seen), since, b.lists)
	}
	if got := r.lost(t, since); len(got.Jobs) != 1 || b.lists != 8 {
		t.Errorf("%d events in %d pages: want a new list and the one at its edge", len(got.Jobs), b.lists)
	}
}

func TestAListTooLongForOneCallIsGoneOnWith(t *testing.T) {
	r, b := rigged(t), outage(5150)
	for i := range b.rows {
		if i != 10 && i < 5140 {
			b.rows[i].status = "OK"
		}
	}
	b.mount(r)
	first := r.lost(t, 3*time.Hour)
	if diff := cmp.Diff(lost{Jobs: []string{"5140"}, UpTo: 3 * time.Hour}, first); diff != "" {
		t.Errorf("first call (-want +got):\n%s", diff)
	}
	if !strings.Contains(r.log.String(), "list of deliveries is long") {
		t.Errorf("log is %s", r.log)
	}
	second := r.lost(t, 3*time.Hour)
	want := lost{Jobs: []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "5140"}, UpTo: 2 * time.Minute}
	if diff := cmp.Diff(want, second); diff != "" || b.lists != 52 {
		t.Errorf("second call, %d pages in all (-want +got):\n%s", b.lists, diff)
	}
}

func TestWhereNothingIsDeliveredSinceFollowsTheClock(t *testing.T) {
	r := rigged(t)
	(&box{}).mount(r)
	if got := r.lost(t, 80*time.Hour); got.UpTo != 15*time.Minute || got.Err != "" {
		t.Errorf("up to %s ago, %s", got.UpTo, got.Err)
	}
}

func TestAFailedReadDoesNotKeepTheNextCallFromANewList(t *testing.T) {
	r, b := rigged(t), outage(2)
	b.status = map[int]int{1: 500}
	b.mount(r)
	first := r.lost(t, time.Hour)
	b.rows = append([]delivery{{id: 3, guid: "g3", at: 90 * time.Second, status: "failed"}}, b.rows...)
	second := r.lost(t, first.UpTo)
	if diff := cmp.Diff([]string{"2", "3"}, second.Jobs); diff != "" {
		t.Errorf("second call (-want +got):\n%s", diff)
	}
}

func TestWhatWasReadIsReturnedAgainAndNotAskedForAgainUntilSincePassesIt(t *testing.T) {
	r := rigged(t)
	b := &box{rows: []delivery{{id: 1, guid: "a", at: 20 * time.Second, status: "failed", code: 500}}}
	b.mount(r)
	for range 3 {
		if got := r.lost(t, m); len(got.Jobs) != 1 {
			t.Errorf("got %+v", got)
		}
	}
	if len(b.reads) != 1 || b.lists != 3 {
		t.Errorf("%d lists, reads %d", b.lists, b.reads)
	}
	r.lost(t, 10*time.Second)
	if got := r.lost(t, m); len(got.Jobs) != 1 || len(b.reads) != 2 {
		t.Errorf("what since had passed was kept: %+v after reads %d", got, b.reads)
	}
}

func TestAListThatFailsIsAnErrorAndMovesNothing(t *testing.T) {
	for status, want := range map[int]string{500: "unknown", 401: "config", 403: "config", 429: "throttled"} {
		r := rigged(t)
		r.on("GET /app/hook/deliveries", status, `{}`)
		if diff := cmp.Diff(lost{UpTo: time.Hour, Err: want}, r.lost(t, time.Hour)); diff != "" {
			t.Errorf("%d (-want +got):\n%s", status, diff)
		}
	}
	r := rigged(t)
	cfg := r.config(t)
	cfg.Decode = nil
	r.Client = client(t, cfg)
	if got := r.lost(t, time.Hour); got.Err != "error" {
		t.Errorf("without a decoder: %+v", got)
	}
}
