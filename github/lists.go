package github

import (
	"bytes"
	"container/list"
	"fmt"
	"io"
	"net/http"
	"path"
	"sync"
)

const (
	// listsSize bounds what all kept pages weigh: a page of a hundred runners
	// is about 50 kB, so this is some 30,000 runners.
	listsSize = 16 << 20
	// pageWeight bounds one page; a heavier one is not kept.
	pageWeight = 1 << 20
)

// lists keeps the pages of lists that GitHub gave an ETag with. A page that did
// not change since costs nothing of the primary allowance. It is safe for
// concurrent use.
type lists struct {
	mu     sync.Mutex
	pages  map[string]*list.Element // of *listPage, by installation and URL
	order  list.List                // the page used last is in front
	weight int
}

// listPage is an answer as it came, with its header: that has the link to the
// next page. What adds an entry to a later page changes the total that stands in
// every page, so a kept link is as good as its page.
type listPage struct {
	key    string
	etag   string
	header http.Header
	body   []byte
}

func (l *lists) find(key string) *listPage {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.pages[key]
	if !ok {
		return nil
	}
	l.order.MoveToFront(e)
	return e.Value.(*listPage)
}

func (l *lists) keep(p *listPage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pages == nil {
		l.pages = map[string]*list.Element{}
	}
	if old, ok := l.pages[p.key]; ok {
		l.drop(old)
	}
	l.pages[p.key] = l.order.PushFront(p)
	for l.weight += len(p.body); l.weight > listsSize; {
		l.drop(l.order.Back())
	}
}

func (l *lists) drop(e *list.Element) {
	p := l.order.Remove(e).(*listPage)
	delete(l.pages, p.key)
	l.weight -= len(p.body)
}

// relist is a RoundTripper that asks for a list's page only if it changed, and
// answers with the kept one where it did not.
type relist struct {
	next         http.RoundTripper
	kept         *lists
	installation int64
}

// RoundTrip sends a request, or a condition with it.
func (r *relist) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet || !listed(req.URL.Path) {
		return r.next.RoundTrip(req)
	}
	key := fmt.Sprint(r.installation, " ", req.URL)
	known := r.kept.find(key)
	if known != nil {
		req = req.Clone(req.Context())
		req.Header.Set("If-None-Match", known.etag)
	}
	resp, err := r.next.RoundTrip(req)
	switch {
	case err != nil:
		return nil, err
	case resp.StatusCode == http.StatusNotModified && known != nil:
		_ = resp.Body.Close()
		return known.answer(req), nil
	case resp.StatusCode == http.StatusOK && resp.Header.Get("Etag") != "":
		return r.take(key, resp)
	}
	return resp, nil
}

// listed reports whether a path is that of a list that is asked for again and
// again.
func listed(at string) bool {
	switch path.Base(at) {
	case "runners", "runner-groups", "runs", "jobs", "installations":
		return true
	}
	return false
}

// take keeps a page, and hands it on. One that breaks off is an error of whoever
// reads it, as without us.
func (r *relist) take(key string, resp *http.Response) (*http.Response, error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, pageWeight+1))
	if err != nil || len(body) > pageWeight {
		resp.Body = rest{io.MultiReader(bytes.NewReader(body), broken{err}, resp.Body), resp.Body}
		return resp, nil
	}
	_ = resp.Body.Close()
	p := &listPage{key: key, etag: resp.Header.Get("Etag"), header: resp.Header, body: body}
	r.kept.keep(p)
	return p.answer(resp.Request), nil
}

// rest is a body whose begin was read already.
type rest struct {
	io.Reader
	io.Closer
}

// broken is where a body broke off; nowhere if there is no error.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) {
	if b.err == nil {
		return 0, io.EOF
	}
	return 0, b.err
}

func (p *listPage) answer(req *http.Request) *http.Response {
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: p.header.Clone(), Body: io.NopCloser(bytes.NewReader(p.body)), ContentLength: int64(len(p.body)), Request: req,
	}
}
