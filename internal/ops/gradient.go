package ops

import (
	"fmt"
	"slices"

	"infinibench/internal/kernel"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Root is a node that the objective depends on, and the gradient of the objective with
// respect to it. The numbers may change between runs; nil is 1, for a scalar.
type Root struct {
	Node     *G.Node
	Gradient []float32
}

// Leaf is an input of the graph whose gradient is wanted. A run overwrites Gradient, or
// adds to it.
type Leaf struct {
	Node     *G.Node
	Gradient []float32
	Add      bool
}

// Gradient adds to a graph the operations that compute the gradient of an objective with
// respect to the leaves, in reverse mode.
//
// It does what gorgonia.Grad does, with two differences that matter at our sizes. Where
// several operations use a node, each adds to one sum in place; gorgonia allocates a
// tensor for each, and more for their sums. And because the operations of the backward
// pass run in one fixed order, each depending on the one before, the memory of a gradient
// is reused as soon as it has been read.
func Gradient(roots []Root, leaves []Leaf) error {
	b := &backward{sums: map[*G.Node]*sum{}}
	for _, l := range leaves {
		if l.Node.Op() != nil {
			return fmt.Errorf("ops: gradient by %s, which is not an input of the graph", l.Node.Name())
		}
		b.sums[l.Node] = &sum{numbers: l.Gradient, begun: l.Add}
	}
	var nodes []*G.Node
	for _, r := range roots {
		nodes = append(nodes, r.Node)
	}
	order := backwards(nodes)
	b.mark(order)
	for _, r := range roots {
		b.seed(r)
	}
	for _, n := range order {
		if s := b.sums[n]; n.Op() == nil || s == nil || !s.begun {
			continue
		}
		if err := b.pass(n); err != nil {
			return err
		}
	}
	for _, l := range leaves {
		if !b.sums[l.Node].begun { // the objective does not depend on it
			b.step("no gradient", l.Node, func([]G.Value) { clear(l.Gradient) })
		}
	}
	return nil
}

// backwards lists the roots and all they depend on, every node before its inputs.
func backwards(roots []*G.Node) []*G.Node {
	var order []*G.Node
	seen := map[*G.Node]bool{}
	var visit func(n *G.Node)
	visit = func(n *G.Node) {
		if seen[n] {
			return
		}
		seen[n] = true
		for _, in := range inputs(n) {
			visit(in)
		}
		order = append(order, n)
	}
	for _, r := range roots {
		visit(r)
	}
	for i, j := 0, len(order)-1; i < j; i, j = i+1, j-1 {
		order[i], order[j] = order[j], order[i]
	}
	return order
}

// inputs are the nodes that a node is computed from, in order.
func inputs(n *G.Node) []*G.Node {
	var in []*G.Node
	for it := n.Graph().From(n.ID()); it.Next(); {
		in = append(in, it.Node().(*G.Node))
	}
	return in
}

// sum is the gradient of one node.
type sum struct {
	numbers []float32
	begun   bool // it holds part of the gradient
	owned   bool // its memory may be reused
}

// backward is a backward pass under construction.
type backward struct {
	sums map[*G.Node]*sum
	last *G.Node             // of the backward pass so far
	free map[int][][]float32 // memory to reuse, by length
}

// mark marks the nodes that depend on a leaf; the others need no gradient.
func (b *backward) mark(order []*G.Node) {
	for i := len(order) - 1; i >= 0; i-- {
		n := order[i]
		if b.sums[n] != nil || n.Op() == nil {
			continue
		}
		in := inputs(n)
		op, ok := n.Op().(G.SDOp)
		for j, child := range in {
			if b.sums[child] != nil && (!ok || op.DiffWRT(len(in))[j]) {
				b.sums[n] = &sum{}
				break
			}
		}
	}
}

// seed initialises the gradient of a root with the caller's.
func (b *backward) seed(r Root) {
	s := b.sums[r.Node]
	if s == nil {
		return
	}
	given := r.Gradient
	if given == nil {
		given = []float32{1}
	}
	b.hold(s, r.Node)
	b.add(s, "seed", r.Node, given)
}

// hold allocates the memory of a sum.
func (b *backward) hold(s *sum, n *G.Node) {
	if s.numbers != nil {
		return
	}
	s.owned = true
	size := max(1, n.Shape().TotalSize())
	if stock := b.free[size]; len(stock) > 0 {
		s.numbers, b.free[size] = stock[len(stock)-1], stock[:len(stock)-1]
		return
	}
	s.numbers = make([]float32, size)
}

// release frees the memory of a sum that nothing will read again, for reuse.
func (b *backward) release(s *sum) {
	if !s.owned {
		return
	}
	if b.free == nil {
		b.free = map[int][][]float32{}
	}
	b.free[len(s.numbers)] = append(b.free[len(s.numbers)], s.numbers)
	s.numbers, s.owned = nil, false
}

// step appends an operation to the backward pass. It runs after all earlier steps, and
// after n and its inputs.
func (b *backward) step(name string, n *G.Node, do func(in []G.Value)) {
	in := inputs(n)
	count := len(in)
	in = append(in, n)
	if b.last != nil {
		in = append(in, b.last)
	}
	b.last = apply(&operation{
		name: name, shape: tensor.ScalarShape(), result: G.NewF32(0),
		do: func(in []G.Value) { do(in[:count]) },
	}, in...)
}

// pass propagates the gradient of a node to its inputs.
func (b *backward) pass(n *G.Node) error {
	op, ok := n.Op().(*operation)
	if !ok {
		return b.symbolic(n)
	}
	if op.vjp == nil {
		return fmt.Errorf("ops: %s has no gradient", op.name)
	}
	if op.vjp.prepare != nil {
		op.vjp.prepare()
	}
	s, in := b.sums[n], inputs(n)
	g := gradients{out: s.numbers, in: make([]kernel.Gradient, len(in))}
	smooth := op.DiffWRT(len(in))
	var waste []*sum // unused gradients
	for i, child := range in {
		if !smooth[i] {
			continue
		}
		to := b.sums[child]
		if to == nil {
			to = &sum{}
			waste = append(waste, to)
		}
		if i == 0 && op.vjp.residual {
			b.forward(s, to, n, in)
		}
		b.hold(to, child)
		g.in[i] = kernel.Gradient{To: to.numbers, Add: to.begun}
		to.begun = true
	}
	b.step(op.name+"'", n, func(in []G.Value) { op.vjp.do(g, in) })
	for _, s := range append(waste, s) {
		b.release(s)
	}
	return nil
}

// forward passes the gradient of y = x + … to x. It reuses the very same memory if x has
// no other gradient, neither so far nor from the rest of y.
func (b *backward) forward(y, x *sum, node *G.Node, in []*G.Node) {
	if x.numbers == nil && y.owned && !slices.Contains(in[1:], in[0]) {
		x.numbers, x.begun, x.owned, y.owned = y.numbers, true, true, false
		return
	}
	b.hold(x, in[0])
	b.add(x, "residual", node, y.numbers)
}

// add adds numbers to a sum that has memory.
func (b *backward) add(s *sum, name string, n *G.Node, x []float32) {
	to := kernel.Gradient{To: s.numbers, Add: s.begun}
	b.step(name, n, func([]G.Value) { kernel.Accumulate(to, 1, x) })
	s.begun = true
}

// symbolic is pass for one of gorgonia's own operations, by its symbolic gradient.
func (b *backward) symbolic(n *G.Node) error {
	op, ok := n.Op().(G.SDOp)
	if !ok {
		return fmt.Errorf("ops: %s has no gradient", n.Op())
	}
	s, in := b.sums[n], inputs(n)
	nodes, err := op.SymDiff(in, n, apply(view(n, s.numbers), b.last))
	if err != nil {
		return fmt.Errorf("ops: gradient of %s: %w", n.Op(), err)
	}
	for i, child := range in {
		to := b.sums[child]
		if to == nil || !op.DiffWRT(len(in))[i] {
			continue
		}
		b.hold(to, child)
		sum := kernel.Gradient{To: to.numbers, Add: to.begun}
		to.begun = true
		b.last = apply(&operation{
			name: "gradient sum", shape: tensor.ScalarShape(), result: G.NewF32(0),
			do: func(in []G.Value) {
				if x, ok := in[0].Data().(float32); ok {
					kernel.Accumulate(sum, 1, []float32{x})
					return
				}
				kernel.Accumulate(sum, 1, f32(in[0]))
			},
		}, nodes[i], b.last)
	}
	// Not released: gorgonia may compute in place, and we do not know when.
	return nil
}

// view is an operation with a node's gradient as its result.
func view(n *G.Node, gradient []float32) *operation {
	const name = "gradient"
	if n.IsScalar() {
		return scalar(name, func([]G.Value) float32 { return gradient[0] }, nil)
	}
	value := tensor.New(tensor.WithShape(n.Shape()...), tensor.WithBacking(gradient))
	return &operation{name: name, shape: n.Shape(), result: value, do: func([]G.Value) {}}
}
