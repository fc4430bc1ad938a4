"""What goes wrong in update rules, learning rate schedules and starting weights."""

from __future__ import annotations

from .entry import Edit, Misconception

__all__ = ["MISCONCEPTIONS"]

MOMENTUM = "optim.momentum"
NESTEROV = "optim.nesterov"
RMSPROP = "optim.rmsprop"
ADAM = "optim.adam"
SGD = "optim.sgd"
CYCLE = "schedules.cyclical_learning_rate"
HE = "initialization.he_normal"

PUBLIC = "public checkouts of CS231n's assignment 2 and of ECE C147/C247, homework 4"

VELOCITY = "velocity = decay * velocity - learning_rate * dw"
NEW_VELOCITY = "new_velocity = decay * velocity - learning_rate * dw"
STEP = "return (w + velocity, velocity)"
NESTEROV_STEP = "return (w + new_velocity + decay * (new_velocity - velocity), new_velocity)"
SQUARE = "mean_square = decay * mean_square + (1 - decay) * dw * dw"
RMS_STEP = "return (w - learning_rate * dw / (np.sqrt(mean_square) + epsilon), mean_square)"
ADAM_STEP = "new = w - learning_rate * first_corrected / (np.sqrt(second_corrected) + epsilon)"
FIRST = "first_corrected = first / (1 - beta1 ** steps)"
SECOND = "second_corrected = second / (1 - beta2 ** steps)"
ADAM_END = "return (new, first, second, steps)"

_MOMENTUM = (
    Misconception(
        id="sgd.uphill",
        edits=(Edit(SGD, "w - learning_rate * dw", "w + learning_rate * dw"),),
        student="It looks like the step goes along the gradient; which way does the loss fall?",
        instructor="Plus learning_rate * dw.",
    ),
    Misconception(
        id="momentum.velocity_sign",
        edits=(Edit(MOMENTUM, VELOCITY, "velocity = decay * velocity + learning_rate * dw"),),
        student="It looks like the velocity builds up along the gradient; which way should it lead?",
        instructor="Plus learning_rate * dw in the velocity, which is then added: uphill.",
        seen=PUBLIC,
    ),
    Misconception(
        id="momentum.velocity_subtracted",
        edits=(
            Edit(MOMENTUM, VELOCITY, "velocity = decay * velocity + learning_rate * dw"),
            Edit(MOMENTUM, STEP, "return (w - velocity, velocity)"),
        ),
        student="It looks like the velocity builds up along the gradient and is then taken off; which way should it lead here?",
        instructor="v = mu * v + rate * dw, w - v: right from rest, but the velocity has the opposite sign of the one asked for.",
    ),
    Misconception(
        id="momentum.velocity_of_gradients",
        edits=(
            Edit(MOMENTUM, VELOCITY, "velocity = decay * velocity + dw"),
            Edit(MOMENTUM, STEP, "return (w - learning_rate * velocity, velocity)"),
        ),
        student="It looks like the velocity adds up gradients, and the learning rate comes last; what should it hold?",
        instructor="PyTorch's form: the velocity holds gradients, not steps. While the learning rate stays, weights agree.",
        seen=PUBLIC,
    ),
    Misconception(
        id="momentum.averaged",
        edits=(Edit(MOMENTUM, VELOCITY, "velocity = decay * velocity - (1 - decay) * learning_rate * dw"),),
        student="It looks like the gradient goes into the velocity with weight 1 - momentum; compare with the formula asked for.",
        instructor="Exponential moving average in place of the decaying sum.",
        seen=PUBLIC,
    ),
    Misconception(
        id="momentum.learning_rate_twice",
        edits=(Edit(MOMENTUM, STEP, "return (w + learning_rate * velocity, velocity)"),),
        student="It looks like the learning rate is applied twice.",
        instructor="The learning rate stands in the velocity and again in the step.",
    ),
    Misconception(
        id="momentum.learning_rate_missing",
        edits=(Edit(MOMENTUM, VELOCITY, "velocity = decay * velocity - dw"),),
        student="It looks like the learning rate takes no part in momentum's step.",
        instructor="No learning rate in the velocity.",
    ),
    Misconception(
        id="momentum.state_not_stored",
        edits=(
            Edit(MOMENTUM, VELOCITY, "old = velocity\nvelocity = decay * velocity - learning_rate * dw"),
            Edit(MOMENTUM, STEP, "return (w + velocity, old)"),
        ),
        student="It looks like the new velocity is not stored where the next step finds it.",
        instructor="The velocity in config stays as it was.",
        seen=PUBLIC,
    ),
    Misconception(
        id="momentum.old_velocity_used",
        edits=(
            Edit(MOMENTUM, VELOCITY, "old = velocity\nvelocity = decay * velocity - learning_rate * dw"),
            Edit(MOMENTUM, STEP, "return (w + old, velocity)"),
        ),
        student="It looks like the weights take the step of the velocity before its update.",
        instructor="w moves by the old velocity.",
    ),
    Misconception(
        id="momentum.as_nesterov",
        edits=(
            Edit(MOMENTUM, VELOCITY, "old = velocity\nvelocity = decay * velocity - learning_rate * dw"),
            Edit(MOMENTUM, STEP, "return (w + velocity + decay * (velocity - old), velocity)"),
        ),
        student="It looks like this is Nesterov's momentum where the plain one is asked for.",
        instructor="Nesterov's step under plain momentum.",
    ),
    Misconception(
        id="nesterov.as_momentum",
        edits=(Edit(NESTEROV, NESTEROV_STEP, "return (w + new_velocity, new_velocity)"),),
        student="It looks like this is plain momentum; what does Nesterov's look-ahead add to the step?",
        instructor="Plain momentum's step under Nesterov momentum.",
        seen=PUBLIC,
    ),
    Misconception(
        id="nesterov.velocities_swapped",
        edits=(
            Edit(
                NESTEROV,
                NESTEROV_STEP,
                "return (w + new_velocity + decay * (velocity - new_velocity), new_velocity)",
            ),
        ),
        student="It looks like old and new velocity have changed places in Nesterov's correction.",
        instructor="decay * (v_old - v_new) in the step.",
    ),
    Misconception(
        id="nesterov.velocity_counted_short",
        edits=(
            Edit(NESTEROV, NESTEROV_STEP, "return (w + decay * (new_velocity - velocity), new_velocity)"),
        ),
        student="It looks like the new velocity itself is missing in Nesterov's step.",
        instructor="w + decay * (v_new - v_old), without v_new.",
    ),
    Misconception(
        id="nesterov.state_not_stored",
        edits=(
            Edit(
                NESTEROV,
                NESTEROV_STEP,
                "return (w + new_velocity + decay * (new_velocity - velocity), velocity)",
            ),
        ),
        student="It looks like Nesterov's new velocity is not stored where the next step finds it.",
        instructor="The velocity in config stays as it was.",
    ),
    Misconception(
        id="nesterov.velocity_sign",
        edits=(Edit(NESTEROV, NEW_VELOCITY, "new_velocity = decay * velocity + learning_rate * dw"),),
        student="It looks like Nesterov's velocity builds up along the gradient; which way should it lead?",
        instructor="Plus learning_rate * dw in Nesterov's velocity.",
    ),
)

_ADAPTIVE = (
    Misconception(
        id="rmsprop.eps_inside_root",
        edits=(
            Edit(
                RMSPROP,
                RMS_STEP,
                "return (w - learning_rate * dw / np.sqrt(mean_square + epsilon), mean_square)",
            ),
        ),
        student="It looks like epsilon stands inside RMSProp's root; compare with the formula's place for it.",
        instructor="sqrt(a + eps) in place of sqrt(a) + eps.",
        seen="a published solution of ECE C147/C247, homework 4; so small a change that the notebook's cell lets it through",
    ),
    Misconception(
        id="rmsprop.eps_missing",
        edits=(
            Edit(RMSPROP, RMS_STEP, "return (w - learning_rate * dw / np.sqrt(mean_square), mean_square)"),
        ),
        student="It looks like epsilon takes no part in RMSProp; what if a gradient is zero?",
        instructor="No epsilon in RMSProp.",
    ),
    Misconception(
        id="rmsprop.decay_swapped",
        edits=(Edit(RMSPROP, SQUARE, "mean_square = (1 - decay) * mean_square + decay * dw * dw"),),
        student="It looks like the decay rate weighs the new square; re-read which of the two it weighs.",
        instructor="decay_rate weighs the new value.",
    ),
    Misconception(
        id="rmsprop.gradient_not_squared",
        edits=(Edit(RMSPROP, SQUARE, "mean_square = decay * mean_square + (1 - decay) * np.abs(dw)"),),
        student="It looks like RMSProp averages the gradient itself; what do the letters MS stand for?",
        instructor="The moving average is of |dw|, not of its square.",
    ),
    Misconception(
        id="rmsprop.root_missing",
        edits=(
            Edit(RMSPROP, RMS_STEP, "return (w - learning_rate * dw / (mean_square + epsilon), mean_square)"),
        ),
        student="It looks like RMSProp's root is missing.",
        instructor="Divides by the mean square itself.",
    ),
    Misconception(
        id="rmsprop.old_average_used",
        edits=(
            Edit(
                RMSPROP,
                SQUARE,
                "old = mean_square\nmean_square = decay * mean_square + (1 - decay) * dw * dw",
            ),
            Edit(
                RMSPROP, RMS_STEP, "return (w - learning_rate * dw / (np.sqrt(old) + epsilon), mean_square)"
            ),
        ),
        student="It looks like RMSProp divides by the average from before this gradient.",
        instructor="The step takes the mean square before its update.",
    ),
    Misconception(
        id="rmsprop.state_not_stored",
        edits=(
            Edit(
                RMSPROP,
                SQUARE,
                "old = mean_square\nmean_square = decay * mean_square + (1 - decay) * dw * dw",
            ),
            Edit(
                RMSPROP, RMS_STEP, "return (w - learning_rate * dw / (np.sqrt(mean_square) + epsilon), old)"
            ),
        ),
        student="It looks like RMSProp's new average is not stored where the next step finds it.",
        instructor="The mean square in config stays as it was.",
        seen=PUBLIC,
    ),
    Misconception(
        id="adam.no_bias_correction",
        edits=(Edit(ADAM, FIRST, "first_corrected = first"), Edit(ADAM, SECOND, "second_corrected = second")),
        student="It looks like the moments start at zero and nothing corrects for it; re-read the last part of the algorithm.",
        instructor="Adam without bias correction.",
        seen=PUBLIC,
    ),
    Misconception(
        id="adam.only_first_corrected",
        edits=(Edit(ADAM, SECOND, "second_corrected = second"),),
        student="It looks like only Adam's first moment is corrected for its start at zero.",
        instructor="No bias correction of the second moment.",
    ),
    Misconception(
        id="adam.only_second_corrected",
        edits=(Edit(ADAM, FIRST, "first_corrected = first"),),
        student="It looks like only Adam's second moment is corrected for its start at zero.",
        instructor="No bias correction of the first moment.",
    ),
    Misconception(
        id="adam.corrected_with_beta1",
        edits=(Edit(ADAM, SECOND, "second_corrected = second / (1 - beta1 ** steps)"),),
        student="It looks like one beta corrects both of Adam's moments; each has its own.",
        instructor="The second moment's bias correction takes beta1.",
    ),
    Misconception(
        id="adam.corrected_with_beta2",
        edits=(Edit(ADAM, FIRST, "first_corrected = first / (1 - beta2 ** steps)"),),
        student="It looks like Adam's first moment is corrected with the second one's beta; each has its own.",
        instructor="The first moment's bias correction takes beta2.",
    ),
    Misconception(
        id="adam.step_counted_late",
        edits=(
            Edit(ADAM, FIRST, "first_corrected = first / (1 - beta1 ** (steps - 1))"),
            Edit(ADAM, SECOND, "second_corrected = second / (1 - beta2 ** (steps - 1))"),
        ),
        student="It looks like Adam corrects with the step count from before this step; when is t to be raised?",
        instructor="t is raised after its use.",
        seen=f"{PUBLIC}; the course's text warns of it",
    ),
    Misconception(
        id="adam.step_counted_twice",
        edits=(
            Edit(ADAM, FIRST, "first_corrected = first / (1 - beta1 ** (steps + 1))"),
            Edit(ADAM, SECOND, "second_corrected = second / (1 - beta2 ** (steps + 1))"),
        ),
        student="It looks like Adam's step count is one ahead in the correction; from which number does it start?",
        instructor="t + 1 on top of a t that is already raised, or a start at 1.",
        seen="a starter file of 2017 starts from t = 1",
    ),
    Misconception(
        id="adam.step_not_counted",
        edits=(Edit(ADAM, ADAM_END, "return (new, first, second, steps - 1)"),),
        student="It looks like Adam's step count is not stored where the next step finds it.",
        instructor="config['t'] stays as it was.",
    ),
    Misconception(
        id="adam.eps_inside_root",
        edits=(
            Edit(
                ADAM,
                ADAM_STEP,
                "new = w - learning_rate * first_corrected / np.sqrt(second_corrected + epsilon)",
            ),
        ),
        student="It looks like epsilon stands inside Adam's root; compare with the formula's place for it.",
        instructor="sqrt(v + eps) in place of sqrt(v) + eps.",
    ),
    Misconception(
        id="adam.corrected_moments_stored",
        edits=(Edit(ADAM, ADAM_END, "return (new, first_corrected, second_corrected, steps)"),),
        student="It looks like the corrected moments are stored; the next step then corrects them once more.",
        instructor="The bias-corrected moments go into config.",
        seen=PUBLIC,
    ),
    Misconception(
        id="adam.second_moment_not_squared",
        edits=(
            Edit(
                ADAM,
                "second = beta2 * second + (1 - beta2) * dw * dw",
                "second = beta2 * second + (1 - beta2) * np.abs(dw)",
            ),
        ),
        student="It looks like Adam's second moment averages the gradient itself, not its square.",
        instructor="|dw| in the second moment.",
    ),
    Misconception(
        id="adam.betas_swapped",
        edits=(
            Edit(
                ADAM,
                "first = beta1 * first + (1 - beta1) * dw",
                "beta1, beta2 = beta2, beta1\nfirst = beta1 * first + (1 - beta1) * dw",
            ),
        ),
        student="It looks like beta1 and beta2 have changed places.",
        instructor="beta1 and beta2 are swapped.",
    ),
    Misconception(
        id="adam.root_missing",
        edits=(
            Edit(ADAM, ADAM_STEP, "new = w - learning_rate * first_corrected / (second_corrected + epsilon)"),
        ),
        student="It looks like the root is missing in Adam's step.",
        instructor="Divides by the second moment itself.",
    ),
)

RISE = "rise = within if within <= n_s else 2 * n_s - within"
RATE = "return eta_min + rise * (eta_max - eta_min) / n_s"

_OTHERS = (
    Misconception(
        id="cyclical_learning_rate.one_step_ahead",
        edits=(Edit(CYCLE, "within = step % (2 * n_s)", "within = (step + 1) % (2 * n_s)"),),
        student="It looks like the schedule is one step ahead; with which rate does the first step start?",
        instructor="The step is counted before its rate is taken.",
    ),
    Misconception(
        id="cyclical_learning_rate.one_step_behind",
        edits=(Edit(CYCLE, "within = step % (2 * n_s)", "within = max(step - 1, 0) % (2 * n_s)"),),
        student="It looks like the schedule is one step behind.",
        instructor="The first rate is used twice.",
    ),
    Misconception(
        id="cyclical_learning_rate.saw_tooth",
        edits=(Edit(CYCLE, RISE, "rise = within % n_s"),),
        student="It looks like the learning rate jumps down at the top; it should come down as slowly as it went up.",
        instructor="A saw tooth in place of a triangle.",
    ),
    Misconception(
        id="cyclical_learning_rate.turns_late",
        edits=(
            Edit(CYCLE, "within = step % (2 * n_s)", "within = step % (2 * n_s + 2)"),
            Edit(CYCLE, RISE, "rise = within if within <= n_s + 1 else 2 * n_s - within"),
        ),
        student="It looks like the learning rate climbs a step beyond its highest value before it turns.",
        instructor="t <= n_s is asked before t is counted up, so each half of the cycle has a step too many.",
        seen="a published report on KTH DD2424, assignment 3",
    ),
    Misconception(
        id="cyclical_learning_rate.starts_at_top",
        edits=(Edit(CYCLE, RATE, "return eta_max - rise * (eta_max - eta_min) / n_s"),),
        student="It looks like the cycle starts at its highest rate.",
        instructor="The triangle is upside down.",
    ),
    Misconception(
        id="cyclical_learning_rate.half_as_long",
        edits=(Edit(CYCLE, "within = step % (2 * n_s)", "within = 2 * step % (2 * n_s)"),),
        student="It looks like a cycle is only half as long as it should be; is n_s a half or a whole cycle?",
        instructor="n_s is read as the whole cycle.",
    ),
    Misconception(
        id="cyclical_learning_rate.constant",
        edits=(Edit(CYCLE, RATE, "return eta_min"),),
        student="It looks like the learning rate does not change from step to step.",
        instructor="A constant rate, eta_min.",
    ),
    Misconception(
        id="he_normal.fan_out",
        edits=(Edit(HE, "sigma=math.sqrt(2 / fan_in)", "sigma=math.sqrt(2 / (math.prod(shape) // fan_in))"),),
        student="It looks like the starting weights are scaled by the number of outputs; which number does He's rule take?",
        instructor="He's rule with fan_out.",
    ),
    Misconception(
        id="he_normal.xavier",
        edits=(Edit(HE, "sigma=math.sqrt(2 / fan_in)", "sigma=math.sqrt(1 / fan_in)"),),
        student="It looks like the starting weights have half the variance that He's rule gives; what does ReLU do to it?",
        instructor="Variance 1 / fan_in (Xavier) in place of 2 / fan_in.",
    ),
    Misconception(
        id="he_normal.variance_as_deviation",
        edits=(Edit(HE, "sigma=math.sqrt(2 / fan_in)", "sigma=2 / fan_in"),),
        student="It looks like the variance of He's rule is taken for the standard deviation.",
        instructor="Standard deviation 2 / fan_in, without the root.",
    ),
)

#: Those of this family.
MISCONCEPTIONS: tuple[Misconception, ...] = (*_MOMENTUM, *_ADAPTIVE, *_OTHERS)
