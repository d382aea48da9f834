#ifndef JINMU_EVAL_PLOTS_H
#define JINMU_EVAL_PLOTS_H

#include "catalog/learn/evaluate.h"
#include "common/strbuf.h"

/* Plots of an evaluation as inline SVG, coloured by the classes of eval_report.css. */

/* Said confidence against how many were right, with the 95% interval of each bin. */
void plot_calibration(struct strbuf *out, const struct evaluation *evaluation);
/* Right at the first place and among the first three, by difficulty. */
void plot_difficulties(struct strbuf *out, const struct evaluation *evaluation);
/* Coverage of decision auto against its precision, as the threshold falls. */
void plot_automatic(struct strbuf *out, const struct evaluation *evaluation);

#endif
