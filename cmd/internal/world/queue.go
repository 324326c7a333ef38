package world

import (
	"container/heap"
	"sync"
	"time"
)

// queue is what will happen, by time and then by order of planning.
type queue struct {
	mu     sync.Mutex // sockets of a paced world plan from other goroutines
	now    time.Time
	events events
	next   int
}

type event struct {
	at    time.Time
	order int
	f     func()
}

// Now is the world's time.
func (q *queue) Now() time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.now
}

// After plans f for d from now.
func (q *queue) After(d time.Duration, f func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	heap.Push(&q.events, event{q.now.Add(max(0, d)), q.next, f})
	q.next++
}

// due is when the next event happens.
func (q *queue) due() (time.Time, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.events) == 0 {
		return time.Time{}, false
	}
	return q.events[0].at, true
}

// advance moves the time, and takes the next event if it is due by then.
func (q *queue) advance(to time.Time) func() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.events) > 0 && !q.events[0].at.After(to) {
		e := heap.Pop(&q.events).(event)
		if e.at.After(q.now) {
			q.now = e.at
		}
		return e.f
	}
	if to.After(q.now) {
		q.now = to
	}
	return nil
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	if !e[i].at.Equal(e[j].at) {
		return e[i].at.Before(e[j].at)
	}
	return e[i].order < e[j].order
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	old := *e
	last := old[len(old)-1]
	*e = old[:len(old)-1]
	return last
}
