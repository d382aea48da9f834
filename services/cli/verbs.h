#ifndef JINMU_VERBS_H
#define JINMU_VERBS_H

/* The verbs of `jinmu`, one file each (verb_NAME.c). argv[0] is the verb; options are read with
 * argp. What a verb returns is the exit status: 0 done, 1 the answer is no or has errors,
 * 2 it could not be done. */
int verb_catalog(int argc, char **argv);
int verb_intake(int argc, char **argv);
int verb_classify(int argc, char **argv);
int verb_findings(int argc, char **argv);
int verb_audit(int argc, char **argv);
int verb_rules(int argc, char **argv);
int verb_eval(int argc, char **argv);
int verb_train(int argc, char **argv);
int verb_explain(int argc, char **argv);
int verb_keygen(int argc, char **argv);
int verb_keys(int argc, char **argv);
int verb_serve(int argc, char **argv);
int verb_submit(int argc, char **argv);
int verb_reviews(int argc, char **argv);
int verb_reclassify(int argc, char **argv);
int verb_results(int argc, char **argv);
int verb_watch(int argc, char **argv);
int verb_dead(int argc, char **argv);
int verb_cancel(int argc, char **argv);
int verb_doctor(int argc, char **argv);
int verb_backup(int argc, char **argv);
int verb_restore(int argc, char **argv);
int verb_users(int argc, char **argv);
int verb_tokens(int argc, char **argv);
int verb_webhooks(int argc, char **argv);
int verb_status(int argc, char **argv);

#endif
