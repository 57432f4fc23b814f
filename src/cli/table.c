/* The commands of the program, in the order of help. */
#include "cli/shell/command.h"

extern const cli_command spectrum_command, limit_command, train_command, memorize_command,
    predict_command, verify_command, study_run_command, study_status_command, study_merge_command,
    study_export_command, study_plot_command, study_fit_command, reproduce_figure1_command,
    reproduce_figure2_command, data_inspect_command, data_convert_command, network_inspect_command,
    network_convert_command, plan_command, info_command, selftest_command, help_command;

const cli_command *const cli_commands[] = {&spectrum_command,
                                           &limit_command,
                                           &train_command,
                                           &memorize_command,
                                           &predict_command,
                                           &verify_command,
                                           &study_run_command,
                                           &study_status_command,
                                           &study_merge_command,
                                           &study_export_command,
                                           &study_plot_command,
                                           &study_fit_command,
                                           &reproduce_figure1_command,
                                           &reproduce_figure2_command,
                                           &data_inspect_command,
                                           &data_convert_command,
                                           &network_inspect_command,
                                           &network_convert_command,
                                           &plan_command,
                                           &info_command,
                                           &selftest_command,
                                           &help_command,
                                           NULL};
