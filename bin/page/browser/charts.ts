/** stub */
export function drawCharts(_root: ParentNode): () => void {
  return () => undefined;
}
