// What answers, by label type: the half of the editor that stands beside the picture or text.
//
// An answer is a class:
//   new Answer({ reserved, onChange, onSubmit, onPoint })
//                      reserved: keys that the page uses itself; onChange(): the value is another one;
//                      onSubmit(): the labeller is done; onPoint(id | null): an object stands out
//   element            what stands at the side
//   set(brief)         {classes, attributes, scale, reasons, tie}: once for every brief
//   show(work)         the work on the screen: {value, current, earlier, counts, stage, text, medium}.
//                      value, current (the label in force, in a review) and earlier (one's own, in
//                      rework) are payloads or null; `value` is what to begin with. Comes again for the
//                      same work after undo or when a candidate is taken: then it draws anew.
//   value              a payload, also while it is not whole yet (it is kept as a draft); null: nothing
//   lacking()          why it cannot be submitted yet, in words, or null
//   press(event)       take a key press; whether it meant something
// and, where it is of use:
//   pressCtrl(event)   the same for a key press with Ctrl or Cmd that is not undo
//   keys               Map(key → anything) of the keys it takes from the page's own commands
//   unsure()           what a second Enter is to confirm, in words, or null: an empty label for one
//   atOnce             whether one choice is the whole answer, which may be submitted as it is chosen
//   drop()             take the choice back: the label is sent back to its author
//   focus()            put the focus where answering begins, and say whether it did; else the picture or text gets it
//   help()             rows of [[caps], words] for the list of keys
//   submitCap          the key that submits, where it is not Enter
//   begun              what is being drawn and not in the value yet, as `show` takes it, or null;
//                      onBegun() says that it changed
//   undo()             take back a step that is not in the value yet; whether there was one
//   ownUndo            true: it does undo and redo itself
//   attach(view)       the picture (Picture) or text (Passage) is on the screen: draw on it. After `show`.
//   detach()           before another one comes, and when another label type does
// Values are never changed in place: undo, drafts and comparisons keep them.

import { AttributesAnswer } from "./_attributes_answer.js";
import { BoxesAnswer } from "./_boxes.js";
import { ClassAnswer } from "./_class_answer.js";
import { FiguresAnswer } from "./_figures.js";
import { MasksAnswer } from "./_masks.js";
import { OutlinesAnswer } from "./_outlines.js";
import { PreferenceAnswer } from "./_preference.js";
import { RatingAnswer } from "./_rating.js";
import { SpansAnswer } from "./_spans.js";
import { TagsAnswer } from "./_tags.js";
import { TranscriptionAnswer } from "./_transcription.js";

const ANSWERS = {
  class: ClassAnswer,
  tags: TagsAnswer,
  attributes: AttributesAnswer,
  transcription: TranscriptionAnswer,
  rating: RatingAnswer,
  preference: PreferenceAnswer,
  spans: SpansAnswer,
  boxes: BoxesAnswer,
  polygons: OutlinesAnswer,
  keypoints: FiguresAnswer,
  masks: MasksAnswer,
};

/** The answer for a brief: {label_type}. */
export const answerFor = ({ label_type: type = "class" }) => ANSWERS[type];
