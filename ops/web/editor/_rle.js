// COCO's compressed run lengths of a mask: down the columns, background first.

/** [run, run, …] of `counts`, as the server has checked them. */
export function runsOf(counts) {
  const runs = [];
  for (let at = 0; at < counts.length; ) {
    let value = 0;
    let shift = 0;
    let code;
    do {
      code = counts.charCodeAt(at++) - 48;
      value += (code & 31) * 2 ** shift;
      shift += 5;
    } while (code & 32);
    if (code & 16) value -= 2 ** shift;
    // From the fourth on, a run is told as the difference to the one two before.
    runs.push(runs.length > 2 ? value + runs[runs.length - 2] : value);
  }
  return runs;
}

/** Paint the pixels of a mask into `data` (RGBA, row by row): {size: [height, width], counts}. */
export function paint(data, { size: [height, width], counts }, [red, green, blue, alpha]) {
  let pixel = 0;
  runsOf(counts).forEach((run, i) => {
    const end = pixel + run;
    if (i % 2)
      for (; pixel < end; pixel++) {
        const at = 4 * ((pixel % height) * width + Math.floor(pixel / height));
        data[at] = red;
        data[at + 1] = green;
        data[at + 2] = blue;
        data[at + 3] = alpha;
      }
    pixel = end;
  });
}

/** The runs of a mask as COCO compresses them: the opposite of `runsOf`. */
export function countsOf(runs) {
  let counts = "";
  runs.forEach((run, i) => {
    let value = i > 2 ? run - runs[i - 2] : run;
    let more = true;
    while (more) {
      let code = value & 31;
      value >>= 5;
      more = code & 16 ? value !== -1 : value !== 0;
      if (more) code |= 32;
      counts += String.fromCharCode(code + 48);
    }
  });
  return counts;
}
