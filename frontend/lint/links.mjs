/** Configuration of remark, which checks that the links of the pages lead to files and headings of this repository. */

import { fileURLToPath } from "node:url";
import noUndefinedReferences from "remark-lint-no-undefined-references";
import validateLinks from "remark-validate-links";

const options = {
  repository: "https://github.com/smarty-p1/smarty_p1",
  root: fileURLToPath(new URL("../../", import.meta.url)),
};
// Without GitHub's extensions, remark takes the box of a list to tick for a reference.
const boxes = { allow: [/^\s*$/] };
export default { plugins: [[noUndefinedReferences, boxes], [validateLinks, options]] };
